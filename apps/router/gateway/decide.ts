/** The table "What a cold preview answers" (docs/behaviour.md) as one pure function: facts in, decision out. */
import { isCopy } from '../../shared/preview/copy-tag.ts'
import { kindOf } from '../../shared/preview/kind.ts'
import { wantsNewer } from '../../shared/preview/image-update.ts'
import type { Barred, Standing } from '../../shared/forge/standing.ts'
import { comesUp, rests, type In, type Preview } from '../../shared/preview/preview.ts'
import type { PairCall } from '../../shared/preview/pair-call.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { AskedService, UpService } from './second-host.ts'

/** A request as nginx describes it; missing headers are empty strings. */
export interface ClientRequest {
  method: string
  /** Robots, prefetches and probes neither wake a preview nor keep it awake. */
  kind: 'person' | 'robot'
  /** `events`: an EventSource, or a request with the same headers. */
  stream: '' | 'websocket' | 'events'
  accept: string
  fetchMode: string
  fetchDest: string
  upgrade: string
  /** Upgrade-Insecure-Requests: browsers send it only with navigations. */
  insecure: string
  prefer: string
}

export interface Facts {
  id: PreviewId | null
  offers: (id: PreviewId) => boolean
  /** How its change lets it run: before anything is woken, looked up or forwarded to. */
  standing: Standing
  preview: Preview | undefined
  missingUntil: number | undefined
  /** Longest hold, milliseconds. */
  hold: number
  /** A function, since it reads every preview. */
  laneFree: () => boolean
  /** Whether this stream was open when the preview went to sleep, and no person has come since. */
  comesBack: () => boolean
  /** Where another preview calls this one. */
  call?: Pick<PairCall, 'wakesUntil' | 'staysUntil'> | undefined
  /** Of a second host. */
  asked?: AskedService | undefined
}

export type Decision =
  | ({ do: 'forward' } & Up)
  /** `isServiceDown`: the preview runs, and its service does not. */
  | { do: 'wait'; until: number; applied: number | null; wakes: boolean; isServiceDown?: true }
  | { do: 'refuse'; why: 'no-tag' | 'not-offered' | 'robot' | 'comes-back' | 'unvisited' | 'service-down' }
  /** It is up, and has nothing on HTTP. */
  | { do: 'refuse'; why: 'way-in' }
  | { do: 'refuse'; why: 'no-service'; where: 'here' | 'stack' }
  | { do: 'refuse'; why: 'barred'; standing: Barred }
  | { do: 'refuse'; why: 'missing'; until: number }
  | { do: 'refuse'; why: 'failed'; preview: In<'failed'> }

/** One of this name may be made meanwhile. */
const NO_COPY_MS = 60_000
/** Where a request goes: the application, or a service. */
export interface Up {
  preview: In<'running'>
  service?: UpService
}

/** A navigation waits this long for the application itself, where the last start was quicker. */
export const QUICK_MS = 1_000

export function decide(request: ClientRequest, facts: Facts, now: number): Decision {
  const { id, preview, missingUntil, standing } = facts
  if (id === null) return { do: 'refuse', why: 'no-tag' }
  // Neither is one looked up: no registry has it.
  if (!preview && isCopy(id)) return { do: 'refuse', why: 'missing', until: now + NO_COPY_MS }
  if (!facts.offers(id)) return { do: 'refuse', why: 'not-offered' }
  if (standing.is !== 'free') return { do: 'refuse', why: 'barred', standing }
  const { asked } = facts
  if (asked?.is === 'none') return { do: 'refuse', why: 'no-service', where: asked.where }
  if (preview?.state === 'running' && !asked && kindOf(preview) === 'ssh') return { do: 'refuse', why: 'way-in' }
  if (preview?.state === 'running') {
    if (asked?.is !== 'down') return { do: 'forward', preview, ...(asked?.is === 'up' && { service: asked.service }) }
    if (request.kind === 'robot') return { do: 'refuse', why: 'service-down' }
    const preferred = appliedWait(request, facts)
    const until = now + (preferred ?? (isNavigation(request) ? 0 : facts.hold))
    return { do: 'wait', until, applied: preferred, wakes: false, isServiceDown: true }
  }
  if (request.kind === 'robot') return { do: 'refuse', why: 'robot' }
  // A forgotten tab: it may wait for a preview that is starting, and wakes none.
  const comesBack = request.stream !== '' && facts.comesBack()
  // So is a preview that nobody visits, and that calls others.
  const isUnvisited = facts.call !== undefined && facts.call.wakesUntil <= now
  const wakes = !comesBack && !isUnvisited
  if (!wakes && !(preview && comesUp(preview))) return { do: 'refuse', why: comesBack ? 'comes-back' : 'unvisited' }
  if (!preview && missingUntil !== undefined) return { do: 'refuse', why: 'missing', until: missingUntil }
  if (preview?.state === 'failed' && rests(preview, now)) return { do: 'refuse', why: 'failed', preview }

  const applied = appliedWait(request, facts)
  const byKind = () => (isNavigation(request) ? navigationWaitMs(preview, facts) : facts.hold)
  // A preview that waits for another one is not stopped meanwhile.
  const latest = facts.call && wakes ? facts.call.staysUntil : Infinity
  return { do: 'wait', until: Math.min(now + (applied ?? byKind()), latest), applied, wakes }
}

/** Sec-Fetch-* decides where it is sent (HTTPS and localhost only), else Accept. */
export function isNavigation({ method, accept, fetchMode, fetchDest, upgrade, insecure }: ClientRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (upgrade || !acceptsHtml(accept)) return false
  // A service worker fetches a navigation in a mode of its own.
  if (fetchMode && fetchMode !== 'navigate' && insecure !== '1') return false
  return !fetchDest || ['document', 'iframe', 'frame', 'empty'].includes(fetchDest)
}

function acceptsHtml(accept: string): boolean {
  return /\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(accept)
}

/** `Prefer: wait=10` in milliseconds (RFC 7240, 4.3: the first preference of a name counts), or null. */
export function preferredWait(prefer: string): number | null {
  for (const preference of prefer.split(/[,;]/)) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*$/i.exec(preference)
    if (match) return Number(match[1]) * 1_000
  }
  return null
}

function appliedWait({ prefer }: ClientRequest, { hold }: Facts): number | null {
  const preferred = preferredWait(prefer)
  return preferred === null ? null : Math.min(preferred, hold)
}

function navigationWaitMs(preview: Preview | undefined, { laneFree }: Facts): number {
  if (preview?.state === 'paused') return QUICK_MS
  if (!preview?.image || wantsNewer(preview)) return 0
  const wasQuick = preview.took.start !== undefined && preview.took.start < QUICK_MS
  return wasQuick && laneFree() ? QUICK_MS : 0
}
