/**
 * Which answer a request for a preview's host gets: the table "What a cold preview answers", as one pure function.
 *
 * `decide` turns facts into an answer, `door` acts on it.
 */
import { wantsNewer } from '../../shared/preview/image-update.ts'
import { rests, type In, type Preview } from '../../shared/preview/preview.ts'

/** A request as nginx describes it. Header values are empty strings where the client sent none. */
export interface ClientRequest {
  method: string
  /** `robot` for robots, prefetches and probes: they neither wake a preview nor keep it awake. */
  kind: 'person' | 'robot'
  /** A WebSocket, or an EventSource (and what asks like one); empty for all else. */
  stream: '' | 'websocket' | 'events'
  accept: string
  fetchMode: string
  fetchDest: string
  upgrade: string
  /** Upgrade-Insecure-Requests: browsers send it with navigations alone. */
  insecure: string
  prefer: string
}

export interface Facts {
  /** The tag the host stands for; null when the host cannot be a tag. */
  tag: string | null
  /** Whether TAG_FILTER lets the tag be shown. */
  offers: (tag: string) => boolean
  preview: Preview | undefined
  /** Until when the tag is remembered as one that the registry does not have; undefined when it is not. */
  missingUntil: number | undefined
  /** Longest hold, milliseconds. */
  hold: number
  /** Whether a start lane is free. Asked only where that decides something: it costs a look at every preview. */
  laneFree: () => boolean
  /** Whether it was open, as a stream, when the preview went, and no person has come since. */
  comesBack: () => boolean
}

/** The answer. `wait` waits until the given time, then it is a page or a problem; `wakes`: it wakes the preview. */
export type Decision =
  | { do: 'forward'; preview: In<'running'> }
  | { do: 'wait'; until: number; applied: number | null; wakes: boolean }
  | { do: 'refuse'; why: 'no-tag' | 'not-offered' | 'robot' | 'comes-back' }
  | { do: 'refuse'; why: 'missing'; until: number }
  | { do: 'refuse'; why: 'failed'; preview: In<'failed'> }

/** A start that took less than this last time is waited for even by a browser's navigation, and no longer. */
export const QUICK_MS = 1_000

/** @param now milliseconds since 1970 */
export function decide(request: ClientRequest, facts: Facts, now: number): Decision {
  const { tag, preview, missingUntil } = facts
  if (tag === null) return { do: 'refuse', why: 'no-tag' }
  if (!facts.offers(tag)) return { do: 'refuse', why: 'not-offered' }
  if (preview?.state === 'running') return { do: 'forward', preview }
  if (request.kind === 'robot') return { do: 'refuse', why: 'robot' }
  // A forgotten tab: it waits for what comes up anyway, and wakes nothing.
  const comesBack = request.stream !== '' && facts.comesBack()
  if (comesBack && !isComing(preview)) return { do: 'refuse', why: 'comes-back' }
  if (!preview && missingUntil !== undefined) return { do: 'refuse', why: 'missing', until: missingUntil }
  if (preview?.state === 'failed' && rests(preview, now)) return { do: 'refuse', why: 'failed', preview }

  const wish = preferredWait(request.prefer)
  const applied = wish === null ? null : Math.min(wish, facts.hold)
  const own = () => (isNavigation(request) ? quick(preview, facts) : facts.hold)
  return { do: 'wait', until: now + (applied ?? own()), applied, wakes: !comesBack }
}

/**
 * Whether a browser wants a page to show. Where the browser says what it fetches (Sec-Fetch-*, on HTTPS and localhost
 * only) that decides, else what it accepts. A navigation that goes through an application's service worker is fetched in
 * the worker's own mode.
 */
export function isNavigation({ method, accept, fetchMode, fetchDest, upgrade, insecure }: ClientRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (upgrade || !acceptsHtml(accept)) return false
  if (fetchMode && fetchMode !== 'navigate' && insecure !== '1') return false
  return !fetchDest || ['document', 'iframe', 'frame', 'empty'].includes(fetchDest)
}

function acceptsHtml(accept: string): boolean {
  return /\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(accept)
}

/**
 * The wait a request prefers, milliseconds, or null.
 * RFC 7240, 4.3: `Prefer: wait=10`, among other preferences, the first of its name counts.
 */
export function preferredWait(prefer: string): number | null {
  for (const preference of prefer.split(/[,;]/)) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*$/i.exec(preference)
    if (match) return Number(match[1]) * 1_000
  }
  return null
}

function isComing(preview: Preview | undefined): boolean {
  if (!preview) return false
  return ['queued', 'pulling', 'starting'].includes(preview.state) || ('thenStart' in preview && preview.thenStart)
}

/**
 * How long a navigation waits for the application itself, milliseconds: only where it is frozen, which takes milliseconds
 * to end, or where its newest image is here, as far as is known, a lane is free and its last start was quick.
 */
function quick(preview: Preview | undefined, { laneFree }: Facts): number {
  if (preview?.state === 'paused') return QUICK_MS
  if (!preview?.image || wantsNewer(preview)) return 0
  const wasQuick = preview.took.start !== undefined && preview.took.start < QUICK_MS
  return wasQuick && laneFree() ? QUICK_MS : 0
}
