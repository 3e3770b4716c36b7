/**
 * Whether an application answers. Ready means an HTTP answer below 500 (or a good one at its own path), or any answer
 * at all for ten seconds, since reviewers want to see the very bug. A port that accepts proves nothing.
 */
import http from 'node:http'
import type { SlotPlace } from '../shared/places.ts'
import { pause } from './wish.ts'

export interface Asked {
  place: Pick<SlotPlace, 'host' | 'port' | 'published'>
  /** The label's path, which has to answer with 2xx or 3xx; null for `/`, where anything below 500 will do. */
  path: string | null
  /** The public Host header: applications refuse hosts they do not know. */
  host: string
  protocol: 'http:' | 'https:'
  /** Milliseconds since 1970. */
  deadline: number
  /** How long errors are waited out, milliseconds. */
  errors: number
  signal: AbortSignal
}

export type Answer =
  | { ready: true; notice: string | null }
  /** `said`: what was seen last, in words. `connected`: something accepted, and did not answer. */
  | { ready: false; connected: boolean; said: string }

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
  for (;;) {
    const result = await ask(asked)
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
      if (isLast) return { ready: false, connected, said }
    }
    await pause(rest, signal)
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
    const late = setTimeout(
      () => fail('accepted the request and never answered it', Date.now() - began < FAIR_TRY_MS),
      Math.max(1, deadline - Date.now()),
    )
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
