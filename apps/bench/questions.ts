/** The questions, in the report's order. Each file answers one. */
import type { Bench } from './measure/bench.ts'
import { cold } from './questions/cold.ts'
import { eight } from './questions/eight.ts'
import { firstByte } from './questions/first-byte.ts'
import { neighbour } from './questions/neighbour.ts'
import { newest } from './questions/newest.ts'
import { options } from './questions/options.ts'
import { others } from './questions/others.ts'
import { paused } from './questions/paused.ts'
import { pulls } from './questions/pulls.ts'
import { restart } from './questions/restart.ts'
import { tags } from './questions/tags.ts'
import { warm } from './questions/warm.ts'

export const questions: Record<string, Bench> = {
  cold,
  restart,
  pulls,
  eight,
  paused,
  others,
  'first-byte': firstByte,
  warm,
  tags,
  newest,
  neighbour,
  options,
}
