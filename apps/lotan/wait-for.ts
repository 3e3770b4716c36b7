import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Until `check` returns something else than undefined or false. An error counts as "not yet".
 * @param within milliseconds
 * @returns undefined when time is up @throws AbortError when the signal is aborted
 */
export async function waitFor<T>(
  check: () => T | Promise<T>,
  { within, every = 50, signal }: { within: number; every?: number; signal?: AbortSignal },
): Promise<Exclude<T, false | undefined> | undefined> {
  const deadline = performance.now() + within
  for (;;) {
    signal?.throwIfAborted()
    const result = await Promise.resolve()
      .then(check)
      .catch(() => undefined)
    if (result !== undefined && result !== false) return result as Exclude<T, false | undefined>
    if (performance.now() >= deadline) return undefined
    await sleep(every, undefined, { signal })
  }
}
