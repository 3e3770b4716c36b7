/** One cold click with the image here, stage by stage: what of it is Lotan's, and what the engine's. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openEngineProxy, type EngineCall } from '../../testing/harness/engine-proxy.ts'
import { withLotan } from '../measure/bed.ts'
import type { Bench } from '../measure/bench.ts'
import { clickOn, untilSandboxesReady } from '../measure/engine-alone.ts'

const ROUNDS = 16
const WARM_UP = 3
const SANDBOXES = 4
const PAUSE_MS = 300

/** In their order, and each ends where the next begins. */
const stages = [
  'nginx, router and queue, until the engine is asked',
  'the engine makes the container',
  'Lotan writes that down',
  'the engine starts it',
  'the application begins, answers, and nginx passes it on',
]

export const click: Bench = {
  asks: 'where the milliseconds of a cold click go',
  async run() {
    const calls: EngineCall[] = []
    const proxy = await openEngineProxy({ onCall: (call) => calls.push(call) })
    const tags = Array.from({ length: ROUNDS + WARM_UP }, (_, i) => `c${i}`)
    const env = { LOTAN_SANDBOXES: String(SANDBOXES), DOCKER_HOST: `unix://${proxy.socket}` }
    const rounds = await withLotan({ tags, env }, async ({ lotan }) => {
      const durations: number[][] = []
      for (const tag of tags) {
        await untilSandboxesReady(lotan, SANDBOXES)
        await sleep(PAUSE_MS)
        calls.length = 0
        const began = performance.now()
        const took = await clickOn(lotan, tag)
        durations.push(durationsOf(calls, began, began + took))
      }
      return durations.slice(WARM_UP)
    }).finally(() => proxy.close())
    return stages.map((question, i) => ({
      question,
      unit: 'ms',
      lotan: rounds.map((durations) => durations[i]!),
      by: 'itself',
    }))
  },
}

function durationsOf(calls: EngineCall[], began: number, ended: number): number[] {
  const create = find(calls, /^POST \/containers\/create/)
  const start = find(calls, /^POST \/containers\/[^/]+\/start/)
  const marks = [began, create.from, create.to, start.from, start.to, ended]
  return marks.slice(1).map((mark, i) => mark - marks[i]!)
}

function find(calls: EngineCall[], pattern: RegExp): EngineCall {
  const found = calls.filter(({ call }) => pattern.test(call))
  if (found.length !== 1)
    throw new Error(`${found.length} calls like ${pattern}: ${calls.map(({ call }) => call).join(', ')}`)
  return found[0]!
}
