/** Whether Lotan starts a change's image now, to see whether it answers (LOTAN_FORGE_VERIFY). Pure. */
import type { Preview } from '../../shared/preview/preview.ts'
import type { Tried } from '../../shared/store/store.ts'
import { isFinal } from '../shown.ts'
import type { Outcome } from './outcome.ts'

/** Of Lotan's own starts of this kind: who waits for a preview finds lanes and processor free. */
const MOST_AT_ONCE = 2
/** A registry or a server that was at fault: tried again after 1 min, 2 min, 4 min, 8 min. */
const MOST_STARTS = 5
const FIRST_REST_MS = 60_000

export type Verdict = 'start' | 'full' | 'no'

export interface VerifyFacts {
  /** Undefined where nothing has been asked for yet. */
  preview: Preview | undefined
  /** Of the image, and what it was before where its row has gone. */
  outcome: Outcome
  tried: Tried
  /** Places of LOTAN_MAX_RUNNING that no preview has, nor waits for. */
  free: number
  /** How many of Lotan's own come up. */
  coming: number
  now: number
}

export function verdictOf({ preview, outcome, tried, free, coming, now }: VerifyFacts): Verdict {
  if (!isAtRest(preview) || outcome.is === 'answered' || outcome.is === 'coming') return 'no'
  if (tried.starts > 0 && !mayBeTriedAgain(outcome, tried, now)) return 'no'
  if (outcome.is === 'failed' && isFinal(outcome.reason)) return 'no'
  if (free <= 0) return 'full'
  return coming < MOST_AT_ONCE ? 'start' : 'no'
}

function mayBeTriedAgain(outcome: Outcome, { starts, startedAt }: Tried, now: number): boolean {
  if (outcome.is !== 'failed' || starts >= MOST_STARTS) return false
  return Math.abs(now - (startedAt ?? 0)) >= FIRST_REST_MS * 2 ** (starts - 1)
}

function isAtRest(preview: Preview | undefined): boolean {
  return !preview || preview.state === 'stopped' || preview.state === 'failed'
}
