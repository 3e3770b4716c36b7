/** What the neighbours of hostile previews and visitors notice: the most telling attacks. `contained.long.ts` has all. */
import { answerAttack } from '../testing/scenarios/contained/answers.ts'
import { testContained } from '../testing/scenarios/contained/contained.ts'
import { forkBomb, logFlood, memoryHog } from '../testing/scenarios/contained/containers.ts'
import { metadata } from '../testing/scenarios/contained/network.ts'
import { flood, idle, slowBodies } from '../testing/scenarios/contained/visitors.ts'

testContained(
  [
    forkBomb,
    memoryHog,
    logFlood,
    metadata(1_500),
    answerAttack('headers of 4 MB'),
    answerAttack('headers a byte a second'),
    flood(1_000),
    slowBodies(5_000),
    idle(10_000),
  ],
  { alone: 500, beside: 1_500, timeout: 600_000 },
)
