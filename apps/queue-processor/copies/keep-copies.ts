import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import { retryForever } from '../../shared/retry-forever.ts'
import type { Dependencies } from '../dependencies.ts'
import { findCopiesAgain } from './find-again.ts'

const ROUND_MS = 60_000
const PAUSE_AFTER_ERROR_MS = 5_000

/** Looks whether the database knows all copies that the engine has. Runs until the signal. */
export async function keepCopies(deps: Dependencies, signal: AbortSignal): Promise<void> {
  await retryForever('copies', deps.log, signal, async () => {
    while (!signal.aborted) {
      const pauseMs = await findCopiesAgain(deps).then(
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
