/**
 * Probes an application until it is ready: HTTP below 500 (2xx-3xx at the label's path), or any answer for ten seconds,
 * since reviewers want to see the error. An open port proves nothing.
 */
import http from 'node:http'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { speaksTls, protocolAt, type AppProtocol } from './app-protocol.ts'
import { pause } from '../step/while-wanted.ts'

export interface Asked {
  place: Pick<HostPort, 'host' | 'port' | 'published'>
  /** The label's path, which has to answer 2xx or 3xx; null for `/`, where anything below 500 is enough. */
  path: string | null
  /** The public Host header: applications refuse hosts they do not know. */
  host: string
  protocol: 'http:' | 'https:'
  deadline: number
  /** How long errors must last until they count as the answer. */
  errors: number
  /** How long another protocol or a hidden port must be seen until the probe gives up. */
  steady: number
  /**
   * Whether the port is open, but unreachable from outside the container; undefined in doubt. Called after refusals.
   */
  hidden: () => Promise<boolean | undefined>
  signal: AbortSignal
}

export type Answer =
  | { ready: true; notice: string | null }
  /** `said`: the last result in words. `connected`: a connection was accepted at least once. */
  | { ready: false; connected: boolean; said: string; instead?: Instead }

/** `hidden`: an address that is unreachable from outside its container. */
export type Instead = AppProtocol | 'hidden'

/** `cut`: the deadline ended this try too early to judge the application by it. */
type Try = { status: number } | { failed: string; connected: boolean; cut?: boolean }

/** The pause is a tenth of the time passed: short at first, and never a noticeable delay. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 250
const CONNECT_MS = 1_000
/** A try that the deadline ends sooner than this says nothing about the application. */
const FAIR_TRY_MS = 1_000
/** The engine's port proxy accepts, and hangs up this soon when the container's port is closed. */
const HANG_UP_MS = 200
const BODY_MS = 1_000
const LOOK_MS = 500
/** What nginx, Apache, Go and Tomcat answer to plain HTTP on a TLS port. */
const BAD_REQUEST = 400
/** Rules out TLS and HTTP/2: their servers refuse plain HTTP at once. */
const HUNG = 'accepted the request and never answered it'
const CLOSED = 'nothing listened on the port'

export async function firstAnswer(asked: Asked): Promise<Answer> {
  const { path, deadline, errors, signal } = asked
  const began = Date.now()
  let connected = false
  let said = CLOSED
  let erringSince: number | undefined
  const instead = lookInstead(asked)
  for (;;) {
    const result = await orTls(await ask(asked), asked)
    signal.throwIfAborted()
    const now = Date.now()
    const rest = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, (now - began) / 10))
    // Another try would have no time for an answer, and would hide what was seen.
    const isLast = now + rest >= deadline
    if ('status' in result) {
      connected = true
      said = `answered ${result.status}`
      if (path === null ? result.status < 500 : result.status < 400) return { ready: true, notice: null }
      erringSince ??= now
      if (now - erringSince >= errors || isLast)
        return { ready: true, notice: `The application answers ${result.status} at ${path ?? '/'}.` }
    } else {
      if (!result.cut || !connected) said = result.failed
      connected ||= result.connected
      const found = await instead.of(result, isLast)
      signal.throwIfAborted()
      // The check took time as well.
      if (found || Date.now() + rest >= deadline)
        return { ready: false, connected, said, ...(found && { instead: found }) }
    }
    await pause(rest, signal)
  }
}

/** A server that answers 400 and also speaks TLS wants TLS. */
async function orTls(result: Try, { place, host }: Asked): Promise<Try> {
  if (!('status' in result) || result.status !== BAD_REQUEST || !(await speaksTls(place, host))) return result
  return { failed: `answered ${BAD_REQUEST}, and speaks TLS`, connected: true }
}

function lookInstead({ place, host, steady, hidden }: Asked) {
  let lookedAt = -Infinity
  let seen: { what: Instead; since: number } | undefined
  return {
    async of({ failed }: Extract<Try, { failed: string }>, isLast: boolean): Promise<Instead | undefined> {
      const now = performance.now()
      if (failed === HUNG || (!isLast && now - lookedAt < LOOK_MS)) return undefined
      lookedAt = now
      const isClosed = failed === CLOSED && place.published === null
      const isHidden = failed === CLOSED && (await hidden())
      const what = isHidden ? 'hidden' : isClosed ? undefined : await protocolAt(place, host)
      if (what !== seen?.what) seen = what && { what, since: now }
      // An application that starts to listen at this moment shows as listening, after it refused.
      return seen && now - seen.since >= (isLast ? steady / 3 : steady) ? seen.what : undefined
    },
  }
}

/** One request. Once connected it waits until the deadline: a slow first answer is not requested twice. */
function ask({ place, path, host, protocol, deadline, signal }: Asked): Promise<Try> {
  return new Promise((resolve) => {
    let connected = false
    let since = 0
    const began = Date.now()
    const request = http.get({
      host: place.host,
      port: place.port,
      path: path ?? '/',
      agent: false,
      headers: {
        Host: host,
        'User-Agent': 'Lotan-Ready',
        Accept: '*/*',
        'X-Forwarded-Host': host,
        'X-Forwarded-Proto': protocol.slice(0, -1),
        Connection: 'close',
      },
    })
    const fail = (failed: string, cut = false) => {
      resolve({ failed, connected, cut })
      request.destroy()
    }
    const lost = setTimeout(() => fail('the address does not answer at all'), CONNECT_MS)
    const late = setTimeout(() => fail(HUNG, Date.now() - began < FAIR_TRY_MS), Math.max(1, deadline - Date.now()))
    const leave = () => fail('no longer wanted')
    signal.addEventListener('abort', leave, { once: true })
    request.on('socket', (socket) =>
      socket.on('connect', () => {
        connected = true
        since = Date.now()
        clearTimeout(lost)
      }),
    )
    request.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0 })
      // Read to the end, so that the application sees no broken connection; but not for ever.
      response.resume()
      response.on('error', () => {})
      const enough = setTimeout(() => response.destroy(), BODY_MS)
      response.on('close', () => clearTimeout(enough))
    })
    request.on('error', (error) => {
      if (place.published !== null && Date.now() - since < HANG_UP_MS) {
        connected = false
        return fail(CLOSED)
      }
      fail(wordsOf(error))
    })
    request.on('close', () => {
      clearTimeout(lost)
      clearTimeout(late)
      signal.removeEventListener('abort', leave)
    })
    if (signal.aborted) leave()
  })
}

function wordsOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return CLOSED
  if (error.code?.startsWith('HPE_')) return `what it answered is not HTTP (${error.code})`
  return error.code === 'ECONNRESET' ? 'it closed the connection without an answer' : error.message
}
