/** What a client of a preview keeps account of while it makes its traffic. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lotan } from '../harness/lotan.ts'

/** How long a preview is watched that must not be stopped, in timeouts. */
export const WATCHED = 3

export interface Scene {
  lotan: Lotan
  tag: string
  /** INACTIVITY_STOP_TIMEOUT_MINUTES, in milliseconds. */
  timeout: number
  /** Raised when all is seen: what goes on beside the traffic ends then. */
  over: AbortSignal
}

/** Traffic under way. */
export interface Traffic {
  /** When it was last of a kind that counts; 0 for what never counts. Milliseconds since 1970. */
  lastUse: () => number
  /** What its client saw go wrong. */
  wrong: () => string[]
  /** Ends it. What has an end of its own, as a download has, is let come to it. */
  end: () => Promise<void>
}

/** Keeps account of one client. */
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
    /** Raised when it is to end. */
    signal,
    used: () => void (last = Date.now()),
    /** What has an end of its own. @param whole answers what was wrong with it */
    transfer: (whole: () => Promise<string | void>) => account(whole, () => true),
    /** What lasts until its client ends it. @param whole answers why it ended before */
    lasting: (whole: () => Promise<string | void>) => account(whole, () => !signal.aborted),
  }
}

/** Does something so often, milliseconds, until the signal is raised. */
export async function again(every: number, act: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await act()
    await sleep(every, undefined, { signal }).catch(() => {})
  }
}
