/** What counts as use of a preview and what does not, with every kind of traffic at once. */
import { proveIdle } from '../testing/scenarios/idle.ts'

proveIdle(6_000)
