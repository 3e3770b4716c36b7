/** The whole table of docs/security.md, "What was tried": `contained.test.ts` does the most telling ones, for seconds. */
import { answerAttacks } from '../testing/scenarios/contained/answers.ts'
import { testContained } from '../testing/scenarios/contained/contained.ts'
import { containerAttacks } from '../testing/scenarios/contained/containers.ts'
import { metadata, portScans } from '../testing/scenarios/contained/network.ts'
import { visitorAttacks } from '../testing/scenarios/contained/visitors.ts'

const MINUTE = 60_000
const times = { alone: 5_000, beside: 15_000, timeout: 30 * MINUTE }

testContained(
  [...containerAttacks, portScans(times.beside), metadata(times.beside), ...answerAttacks, ...visitorAttacks],
  times,
)
