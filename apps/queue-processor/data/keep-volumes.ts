import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import { retryForever } from '../../shared/retry-forever.ts'
import type { Volumes } from './volumes.ts'

const ROUND_MS = 60_000
const PAUSE_AFTER_ERROR_MS = 5_000

/** Runs until the signal. */
export async function keepVolumes(volumes: Pick<Volumes, 'round'>, log: Log, signal: AbortSignal): Promise<void> {
  await retryForever('volumes', log, signal, async () => {
    while (!signal.aborted) {
      const pauseMs = await volumes.round(Date.now()).then(
        () => ROUND_MS,
        (error: unknown) => {
          // watch/engine.ts reports that the engine is down.
          if (!(error instanceof EngineError)) throw error
          return PAUSE_AFTER_ERROR_MS
        },
      )
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    }
  })
}
