/** The questions, in the report's order. Each file answers one. */
import type { Bench } from './measure/bench.ts'
import { click } from './questions/click.ts'
import { cold } from './questions/cold.ts'
import { eight } from './questions/eight.ts'
import { firstByte } from './questions/first-byte.ts'
import { first } from './questions/first.ts'
import { gate } from './questions/gate.ts'
import { hosts } from './questions/hosts.ts'
import { neighbour } from './questions/neighbour.ts'
import { newest } from './questions/newest.ts'
import { options } from './questions/options.ts'
import { others } from './questions/others.ts'
import { paused } from './questions/paused.ts'
import { pulls } from './questions/pulls.ts'
import { restart } from './questions/restart.ts'
import { port } from './questions/port.ts'
import { proxies } from './questions/proxies.ts'
import { soak } from './questions/soak.ts'
import { stack } from './questions/stack.ts'
import { transfers } from './questions/transfers.ts'
import { tags } from './questions/tags.ts'
import { warm } from './questions/warm.ts'
import { watching } from './questions/watching.ts'

export const questions: Record<string, Bench> = {
  cold,
  click,
  restart,
  pulls,
  eight,
  stack,
  paused,
  others,
  'first-byte': firstByte,
  warm,
  gate,
  watching,
  transfers,
  port,
  hosts,
  proxies,
  tags,
  newest,
  neighbour,
  options,
  first,
  soak,
}
