/** Runs a long step only while it is wanted. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../shared/store/store.ts'

const LOOK_EVERY_MS = 20

/** @param holds called after every commit of any process @returns undefined where `holds` turned false */
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

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}
