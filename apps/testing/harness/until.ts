import { setTimeout as sleep } from 'node:timers/promises'

type Falsy = undefined | null | false | 0 | ''

/**
 * Calls `check` until it finds something.
 * @param fact for the message: `red is running`
 * @param options.within milliseconds
 * @throws when time is up, with the last error of `check` as cause
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
