/** Waiting in tests: for a fact, with a deadline. */
import { setTimeout as sleep } from 'node:timers/promises'

type Falsy = undefined | null | false | 0 | ''

/**
 * Asks until the answer is something.
 *
 * @param fact what is waited for, for the message: `red is running`
 * @param options.within milliseconds until it is given up
 * @param options.every milliseconds between two looks
 * @returns what was found
 * @throws when it did not become true in time; the last error of `check` is the cause
 */
export async function until<T>(
  fact: string,
  check: () => T | Falsy | Promise<T | Falsy>,
  { within = 60_000, every = 20 }: { within?: number; every?: number } = {},
): Promise<T> {
  const deadline = Date.now() + within
  for (;;) {
    let cause: unknown
    try {
      const found = await check()
      if (found) return found
    } catch (error) {
      cause = error
    }
    if (Date.now() >= deadline)
      throw new Error(`this did not become true within ${within / 1000} s: ${fact}`, { cause })
    await sleep(every)
  }
}
