import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../shared/store/store.ts'

const LOOK_EVERY_MS = 20

/** @param isWanted called after every commit of any process @returns undefined where it turned false */
export async function whileWanted<T>(
  store: Pick<Store, 'version'>,
  isWanted: () => boolean,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const cancelled = new AbortController()
  let seen: number | undefined
  const check = () => {
    const version = store.version()
    if (version === seen) return
    seen = version
    if (!isWanted()) cancelled.abort(new Error('no longer wanted'))
  }
  check()
  if (cancelled.signal.aborted) return undefined
  const timer = setInterval(check, LOOK_EVERY_MS)
  try {
    return await step(cancelled.signal)
  } catch (error) {
    if (cancelled.signal.aborted) return undefined
    throw error
  } finally {
    clearInterval(timer)
  }
}

export async function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}
