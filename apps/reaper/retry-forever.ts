/** A full disk, or somebody who writes to the database for too long, ends no watch: it begins anew a little later. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../shared/log.ts'
import { isPassing } from '../shared/store/disk-reserve.ts'

const REST_MS = 2_000

/**
 * Runs a watch until it ends by itself.
 * @param what it does, for the log
 * @throws what does not pass by itself: a corrupt database, a mistake
 */
export async function retryForever(
  what: string,
  log: Log,
  signal: AbortSignal,
  watch: () => Promise<void>,
): Promise<void> {
  for (let said = ''; ;) {
    try {
      return await watch()
    } catch (error) {
      if (signal.aborted) return
      if (!isPassing(error)) throw error
      const { message } = error as Error
      // Said once, as long as it is the same.
      if (message !== said) log.error({ what, error: message }, 'the database does not do what it is asked')
      said = message
    }
    await sleep(REST_MS * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}
