/** Restarts a watch after database errors that pass by themselves, such as a full disk or a long write. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from './log.ts'
import { isPassing } from './store/disk-reserve.ts'

const REST_MS = 2_000

/** @throws errors that do not pass by themselves: a corrupt database, a programming error */
export async function retryForever(
  what: string,
  log: Log,
  signal: AbortSignal,
  watch: () => Promise<void>,
): Promise<void> {
  for (let lastMessage = ''; ;) {
    try {
      return await watch()
    } catch (error) {
      if (signal.aborted) return
      if (!isPassing(error)) throw error
      const { message } = error as Error
      if (message !== lastMessage) log.error({ what, error: message }, 'database error, trying again')
      lastMessage = message
    }
    await sleep(REST_MS * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}
