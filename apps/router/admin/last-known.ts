/** For facts that a page shows, and does not wait for. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What was read last is told where the next reading takes long or fails, until it is too old.
 * @param options.patience milliseconds that a caller waits for a newer one @param options.kept milliseconds
 * @param options.failed told of each reading that fails
 * @returns reads; null where nothing is known of late
 */
export function lastKnown<T>(
  read: () => Promise<T>,
  { patience, kept, failed }: { patience: number; kept: number; failed: (error: Error) => void },
): () => Promise<T | null> {
  let known: { at: number; told: T } | undefined

  return async () => {
    const asked = read()
      .then((told) => (known = { at: performance.now(), told }).told)
      .catch((error: Error) => {
        failed(error)
        return null
      })
    const last = known && performance.now() - known.at < kept ? known.told : null
    if (last === null) return asked
    return (await Promise.race([asked, sleep(patience, last)])) ?? last
  }
}
