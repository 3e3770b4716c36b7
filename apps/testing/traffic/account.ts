/** The record that a client keeps of its traffic. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lotan } from '../harness/lotan.ts'

/** Timeouts for which a preview that must not stop is watched. */
export const WATCHED = 3

export interface Scene {
  lotan: Lotan
  tag: string
  /** INACTIVITY_STOP_TIMEOUT_MINUTES, in milliseconds. */
  timeout: number
  /** Aborted when the row is judged. */
  over: AbortSignal
}

export interface Traffic {
  /** The last activity, milliseconds since 1970; 0 for traffic that never counts. */
  lastUse: () => number
  wrong: () => string[]
  /** Waits for what ends by itself, such as a download. */
  end: () => Promise<void>
}

export function begin() {
  const ending = new AbortController()
  const { signal } = ending
  const wrong: string[] = []
  let last = 0
  const account = (whole: () => Promise<string | void>, matters: () => boolean): Traffic => {
    const done = whole()
      .catch((error: Error) => error.message)
      .then((problem) => void (problem && matters() && wrong.push(problem)))
    const end = () => {
      ending.abort()
      return done
    }
    return { lastUse: () => last, wrong: () => wrong, end }
  }
  return {
    signal,
    used: () => void (last = Date.now()),
    /** For what ends by itself. @param whole resolves to what was wrong */
    transfer: (whole: () => Promise<string | void>) => account(whole, () => true),
    /** For what lasts until the client ends it. @param whole resolves to why it ended before */
    lasting: (whole: () => Promise<string | void>) => account(whole, () => !signal.aborted),
  }
}

export async function again(every: number, act: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await act()
    await sleep(every, undefined, { signal }).catch(() => {})
  }
}
