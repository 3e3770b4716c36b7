/**
 * Ready is HTTP below 500 (2xx-3xx at the label's path), or any answer for ten seconds, since reviewers want to see the
 * error. An open port proves nothing.
 */
import { http } from '../../shared/http.ts'
import type { Notice } from '../../shared/preview/notice.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { speaksTls, protocolAt, type AppProtocol } from './app-protocol.ts'
import { abortableSleep } from '../step/while-wanted.ts'

export interface ProbeOptions {
  hostPort: Pick<HostPort, 'host' | 'port' | 'published'>
  /** Has to answer 2xx or 3xx; null for `/`, where anything below 500 is enough. */
  path: string | null
  /** The public Host header: applications refuse hosts they do not know. */
  host: string
  protocol: 'http:' | 'https:'
  /** By `performance.now()`. */
  deadline: number
  /** How long errors must last until they count as the answer. */
  errors: number
  /** How long another protocol or a hidden port must be seen until the probe gives up. */
  steady: number
  /** Whether the port is open, but unreachable from outside the container; undefined in doubt. */
  isHidden: () => Promise<boolean | undefined>
  signal: AbortSignal
}

export type ProbeResult =
  | { ready: true; notice: Notice | null }
  /** `connected`: a connection was accepted at least once. */
  | { ready: false; connected: boolean; detail: string; obstacle?: Obstacle }

export type Obstacle = AppProtocol | 'hidden'

/** `cut`: the deadline ended this try too early to judge the application by it. */
type Attempt = { status: number } | { failed: string; connected: boolean; cut?: boolean }

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

export async function firstAnswer(options: ProbeOptions): Promise<ProbeResult> {
  const { path, deadline, errors, signal } = options
  const began = performance.now()
  let connected = false
  let detail = CLOSED
  let erringSince: number | undefined
  const obstacles = watchForObstacle(options)
  for (;;) {
    const result = await detectTls(await probe(options), options)
    signal.throwIfAborted()
    const now = performance.now()
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, (now - began) / 10))
    // Another try would have no time for an answer, and would hide what was seen.
    const isLast = now + pauseMs >= deadline
    if ('status' in result) {
      connected = true
      detail = `answered ${result.status}`
      if (path === null ? result.status < 500 : result.status < 400) return { ready: true, notice: null }
      erringSince ??= now
      if (now - erringSince >= errors || isLast)
        return { ready: true, notice: { code: 'answers-error', status: result.status, path: path ?? '/' } }
    } else {
      if (!result.cut || !connected) detail = result.failed
      connected ||= result.connected
      const found = await obstacles.of(result, isLast)
      signal.throwIfAborted()
      // The check took time as well.
      if (found || performance.now() + pauseMs >= deadline)
        return { ready: false, connected, detail, ...(found && { obstacle: found }) }
    }
    await abortableSleep(pauseMs, signal)
  }
}

async function detectTls(result: Attempt, { hostPort, host }: ProbeOptions): Promise<Attempt> {
  if (!('status' in result) || result.status !== BAD_REQUEST || !(await speaksTls(hostPort, host))) return result
  return { failed: `answered ${BAD_REQUEST}, and speaks TLS`, connected: true }
}

function watchForObstacle({ hostPort, host, steady, isHidden }: ProbeOptions) {
  let lookedAt = -Infinity
  let seen: { what: Obstacle; since: number } | undefined
  return {
    async of({ failed }: Extract<Attempt, { failed: string }>, isLast: boolean): Promise<Obstacle | undefined> {
      const now = performance.now()
      if (failed === HUNG || (!isLast && now - lookedAt < LOOK_MS)) return undefined
      lookedAt = now
      const isClosed = failed === CLOSED && hostPort.published === null
      const hiddenNow = failed === CLOSED && (await isHidden())
      const what = hiddenNow ? 'hidden' : isClosed ? undefined : await protocolAt(hostPort, host)
      if (what !== seen?.what) seen = what && { what, since: now }
      // An application that starts to listen at this moment shows as listening, after it refused.
      return seen && now - seen.since >= (isLast ? steady / 3 : steady) ? seen.what : undefined
    },
  }
}

/** One request. Once connected it waits until the deadline: a slow first answer is not requested twice. */
function probe({ hostPort, path, host, protocol, deadline, signal }: ProbeOptions): Promise<Attempt> {
  return new Promise((resolve) => {
    let connected = false
    let since = 0
    const began = performance.now()
    const request = http.get({
      host: hostPort.host,
      port: hostPort.port,
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
    const connectTimer = setTimeout(() => fail('the address does not answer at all'), CONNECT_MS)
    const deadlineTimer = setTimeout(
      () => fail(HUNG, performance.now() - began < FAIR_TRY_MS),
      Math.max(1, deadline - performance.now()),
    )
    const cancel = () => fail('no longer wanted')
    signal.addEventListener('abort', cancel, { once: true })
    request.on('socket', (socket) =>
      socket.on('connect', () => {
        connected = true
        since = performance.now()
        clearTimeout(connectTimer)
      }),
    )
    request.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0 })
      // Read to the end, so that the application sees no broken connection; but not for ever.
      response.resume()
      response.on('error', () => {})
      const bodyTimer = setTimeout(() => response.destroy(), BODY_MS)
      response.on('close', () => clearTimeout(bodyTimer))
    })
    request.on('error', (error) => {
      if (hostPort.published !== null && performance.now() - since < HANG_UP_MS) {
        connected = false
        return fail(CLOSED)
      }
      fail(wordsOf(error))
    })
    request.on('close', () => {
      clearTimeout(connectTimer)
      clearTimeout(deadlineTimer)
      signal.removeEventListener('abort', cancel)
    })
    if (signal.aborted) cancel()
  })
}

function wordsOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return CLOSED
  if (error.code?.startsWith('HPE_')) return `what it answered is not HTTP (${error.code})`
  return error.code === 'ECONNRESET' ? 'it closed the connection without an answer' : error.message
}
