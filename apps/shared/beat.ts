import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for the process's next beat, at most `every` milliseconds: all that looks once a second then wakes the process
 * once a second. What an idle process costs is how often it wakes. Returns at once when the signal is aborted.
 */
export async function nextBeat(every: number, signal: AbortSignal): Promise<void> {
  const left = every - (performance.now() % every)
  await sleep(left, undefined, { signal }).catch(() => {})
}
