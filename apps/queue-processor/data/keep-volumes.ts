import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import { retryForever } from '../../shared/retry-forever.ts'
import type { Dependencies } from '../dependencies.ts'
import { dueForData } from './serve-data.ts'

const ROUND_MS = 60_000
/** What is asked for data may wait for a preview to come to rest, and its nudge may be lost. */
const LOOK_MS = 2_000

/** Runs until the signal. */
export async function keepVolumes(
  { engine, volumes, store, nudges, log }: Pick<Dependencies, 'engine' | 'volumes' | 'store' | 'nudges' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  let hasHelpers = true
  let nextRound = 0
  await retryForever('volumes', log, signal, async () => {
    while (!signal.aborted) {
      try {
        // Of copies that were under way when the process before this one ended.
        if (hasHelpers) await engine.removeHelpers()
        hasHelpers = false
        if (Date.now() >= nextRound || Date.now() < nextRound - ROUND_MS) {
          await volumes.round(Date.now())
          nextRound = Date.now() + ROUND_MS
        }
      } catch (error) {
        // watch/engine.ts reports that the engine is down.
        if (!(error instanceof EngineError)) throw error
      }
      for (const id of dueForData({ store })) await nudges.data(id)
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  })
}
