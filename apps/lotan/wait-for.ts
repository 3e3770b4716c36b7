/** Waiting for a fact, with a deadline. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks again and again until the answer is neither undefined nor false.
 *
 * @param look an error of its counts as "not yet"
 * @param within milliseconds
 * @returns the answer, or undefined when time is up
 * @throws AbortError when the signal says so
 */
export async function waitFor<T>(
  look: () => T | Promise<T>,
  { within, every = 50, signal }: { within: number; every?: number; signal?: AbortSignal },
): Promise<Exclude<T, false | undefined> | undefined> {
  const deadline = performance.now() + within
  for (;;) {
    signal?.throwIfAborted()
    const answer = await Promise.resolve()
      .then(look)
      .catch(() => undefined)
    if (answer !== undefined && answer !== false) return answer as Exclude<T, false | undefined>
    if (performance.now() >= deadline) return undefined
    await sleep(every, undefined, { signal })
  }
}
