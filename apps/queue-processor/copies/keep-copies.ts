import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import { retryForever } from '../../shared/retry-forever.ts'
import type { Dependencies } from '../dependencies.ts'
import { findCopiesAgain } from './find-again.ts'

const ROUND_MS = 2_000
/** Whether the database knows all that the engine has. */
const FIND_MS = 60_000

/** Asks for what was asked for and not made: its nudge may have been lost. Runs until the signal. */
export async function keepCopies(deps: Dependencies, signal: AbortSignal): Promise<void> {
  const { store, nudges, log } = deps
  let foundAt = -Infinity
  await retryForever('copies', log, signal, async () => {
    while (!signal.aborted) {
      for (const { of } of store.copies.list()) await nudges.copies(of)
      if (performance.now() - foundAt >= FIND_MS)
        await findCopiesAgain(deps).then(
          () => (foundAt = performance.now()),
          (error: unknown) => {
            // watch/engine.ts reports that the engine is down.
            if (!(error instanceof EngineError)) throw error
          },
        )
      await sleep(ROUND_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  })
}
