/** Whether what a long step does is still wanted. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../shared/store/store.ts'

const LOOK_EVERY_MS = 20

/**
 * Runs a step for as long as its wish stands.
 *
 * @param holds asked after every commit of any process
 * @param step gets a signal that is raised once the wish is gone
 * @returns what the step returned, or undefined when its wish went before it was done
 * @throws what the step throws while its wish stands
 */
export async function whileWanted<T>(
  store: Pick<Store, 'version'>,
  holds: () => boolean,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const gone = new AbortController()
  let seen: number | undefined
  const look = () => {
    const version = store.version()
    if (version === seen) return
    seen = version
    if (!holds()) gone.abort(new Error('no longer wanted'))
  }
  look()
  if (gone.signal.aborted) return undefined
  const timer = setInterval(look, LOOK_EVERY_MS)
  try {
    return await step(gone.signal)
  } catch (error) {
    if (gone.signal.aborted) return undefined
    throw error
  } finally {
    clearInterval(timer)
  }
}

/** Waits so many milliseconds, or until the signal is raised, which throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}
