/** The same table as idle.test.ts, with a timeout at which no wait of Lotan's own can be taken for it. */
import { proveIdle } from '../testing/scenarios/idle.ts'

proveIdle(60_000)
