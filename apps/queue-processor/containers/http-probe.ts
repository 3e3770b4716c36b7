/**
 * Whether an application answers. Ready means an HTTP answer below 500 (or a good one at its own path), or any answer
 * at all for ten seconds, since reviewers want to see the very bug. A port that accepts proves nothing. What can be seen
 * never to answer is not waited for to the end: what speaks TLS or HTTP/2 alone, or listens where nobody reaches it.
 */
import http from 'node:http'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { speaksTls, protocolAt, type AppProtocol } from './app-protocol.ts'
import { pause } from '../step/while-wanted.ts'

export interface Asked {
  place: Pick<HostPort, 'host' | 'port' | 'published'>
  /** The label's path, which has to answer with 2xx or 3xx; null for `/`, where anything below 500 will do. */
  path: string | null
  /** The public Host header: applications refuse hosts they do not know. */
  host: string
  protocol: 'http:' | 'https:'
  /** Milliseconds since 1970. */
  deadline: number
  /** How long errors are waited out, milliseconds. */
  errors: number
  /** How long something else than an answer has to be seen until that is taken to be all there is, milliseconds. */
  steady: number
  /**
   * Whether the application listens on its port, but where nobody outside of its container reaches it. Asked when
   * nothing listens at its place; undefined where it cannot be known.
   */
  hidden: () => Promise<boolean | undefined>
  signal: AbortSignal
}

export type Answer =
  | { ready: true; notice: string | null }
  /** `said`: what was seen last, in words. `connected`: something accepted, and did not answer. */
  | { ready: false; connected: boolean; said: string; instead?: Instead }

/** What there is in place of an answer: another protocol, or an address that nobody outside of the container reaches. */
export type Instead = AppProtocol | 'hidden'

/** `cut`: the deadline ended this try before it had had a fair time to be answered. */
type Try = { status: number } | { failed: string; connected: boolean; cut?: boolean }

/** A tenth of the time that has passed: quick at first, and never a noticeable delay. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 250
/** An address that does not even refuse: its packets get lost. */
const CONNECT_MS = 1_000
/** A try that the deadline ends sooner than this says nothing of the application. */
const FAIR_TRY_MS = 1_000
/** On a published port: a connection that ends sooner than this without an answer was the engine's alone. */
const HANG_UP_MS = 200
/** What an application sends is not waited for longer than this. */
const BODY_MS = 1_000
/** How often it is looked for what there is in place of an answer. */
const LOOK_MS = 500
/** What servers that want TLS answer to plain HTTP: nginx, Apache, Go and Tomcat alike. */
const BAD_REQUEST = 400
/** Servers of TLS or HTTP/2 are not like this: what they are asked in plain HTTP they refuse at once. */
const HUNG = 'accepted the request and never answered it'
const CLOSED = 'nothing listened on the port'

/**
 * Asks until the application answers, or the deadline passes.
 * @throws what the signal was raised with
 */
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
    // One more try would have no time to be answered, and would only blur what was seen.
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
      // The look took its time as well.
      if (found || Date.now() + rest >= deadline)
        return { ready: false, connected, said, ...(found && { instead: found }) }
    }
    await pause(rest, signal)
  }
}

/** Nobody but a server that wants TLS answers a request this bad, and speaks TLS as well. */
async function orTls(result: Try, { place, host }: Asked): Promise<Try> {
  if (!('status' in result) || result.status !== BAD_REQUEST || !(await speaksTls(place, host))) return result
  return { failed: `answered ${BAD_REQUEST}, and speaks TLS`, connected: true }
}

/** Looks now and then for what there is in place of an answer. */
function lookInstead({ place, host, steady, hidden }: Asked) {
  let lookedAt = -Infinity
  let seen: { what: Instead; since: number } | undefined
  return {
    /** What has been seen for long enough, if anything has. @param isLast there is no time for another look */
    async of({ failed }: Extract<Try, { failed: string }>, isLast: boolean): Promise<Instead | undefined> {
      const now = performance.now()
      if (failed === HUNG || (!isLast && now - lookedAt < LOOK_MS)) return undefined
      lookedAt = now
      const isClosed = failed === CLOSED && place.published === null
      const isHidden = failed === CLOSED && (await hidden())
      const what = isHidden ? 'hidden' : isClosed ? undefined : await protocolAt(place, host)
      if (what !== seen?.what) seen = what && { what, since: now }
      // What begins to listen in this very moment is seen to listen, and has refused.
      return seen && now - seen.since >= (isLast ? steady / 3 : steady) ? seen.what : undefined
    },
  }
}

/** One request. Once connected it waits for its answer up to the deadline: a slow first answer is not asked for twice. */
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
      // Taken to its end, so that the application does not see a broken connection; but not for ever.
      response.resume()
      response.on('error', () => {})
      const enough = setTimeout(() => response.destroy(), BODY_MS)
      response.on('close', () => clearTimeout(enough))
    })
    request.on('error', (error) => {
      // The engine accepts for the container first, and hangs up when nobody there does.
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
