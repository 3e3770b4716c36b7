/** Each kind of client: what it does once. */
import { createHash, randomBytes } from 'node:crypto'
import type http from 'node:http'
import { Readable } from 'node:stream'
import { open } from '../../../testing/clients/http.ts'
import { asBrowser, type Lotan } from '../../../testing/harness/lotan.ts'
import type { Tally } from './tally.ts'
import { talkUntilCut, vanishSoon } from './web-sockets.ts'

const SIZE = 2_000_000
const upload = randomBytes(300_000)
const uploadHash = createHash('sha256').update(upload).digest('hex')
const inPieces = () => Readable.from([upload.subarray(0, 90_000), upload.subarray(90_000)])

/** @returns how it ended; throws for a lost connection */
type Act = (tag: string, signal: AbortSignal) => Promise<string>

export interface Client {
  name: string
  /** Milliseconds from its end to the next time. */
  every: number
  /** It leaves only at the end. */
  lasts?: true
  act: Act
}

export function clientsOf(lotan: Lotan, tally: Tally): Client[] {
  let unknown = 0

  /** @param ms after that it leaves */
  function download(path: string, size: number, ms?: number): Act {
    return async (tag, signal) => {
      const response = await lotan.open(tag, { path, signal })
      const isOf = isFrom(response, tag)
      const { bytes, whole } = await read(response, ms)
      if (!isOf) return String(response.statusCode)
      if (whole && bytes !== size) tally.fault(`${bytes} of ${size} bytes of ${tag} came`)
      return whole ? 'whole' : 'cut'
    }
  }

  function send(body: () => Buffer | Readable): Act {
    return async (tag, signal) => {
      const answer = await lotan.request(tag, { method: 'PUT', body: body(), signal })
      if (answer.headers['x-app-tag'] === undefined) return String(answer.status)
      const { tag: to, sha256 } = JSON.parse(answer.text) as { tag: string; sha256: string }
      if (to !== tag || sha256 !== uploadHash) tally.fault(`an upload to ${tag} came to ${to} as ${sha256}`)
      return 'whole'
    }
  }

  function stream(path: string, ms: number): Act {
    return async (tag, signal) => {
      const response = await lotan.open(tag, { path, headers: { Accept: 'text/event-stream' }, signal })
      isFrom(response, tag)
      await read(response, ms)
      return String(response.statusCode)
    }
  }

  /** Held where the preview is not up; else the application is slow. */
  function giveUp(headers: http.OutgoingHttpHeaders): Act {
    return async (tag, signal) => {
      const left = new AbortController()
      const timer = setTimeout(() => left.abort(), 20 + 800 * Math.random())
      signal.addEventListener('abort', () => left.abort())
      const response = await lotan.open(tag, { path: '/slow?ms=2000', headers, signal: left.signal })
      clearTimeout(timer)
      isFrom(response, tag)
      await read(response)
      return String(response.statusCode)
    }
  }

  async function guess(_: string, signal: AbortSignal): Promise<string> {
    const headers = unknown++ % 2 === 0 ? {} : asBrowser
    const { status } = await lotan.request(`nothing-${unknown}`, { headers, signal })
    return String(status)
  }

  function api(path: (tag: string) => string, ms?: number): Act {
    return async (tag, signal) => {
      const headers = { Authorization: `Bearer ${lotan.token}` }
      const host = `${lotan.domain}:${lotan.port}`
      const response = await open(lotan.port, { host, path: `/api/v1${path(tag)}`, headers, signal })
      const { whole } = await read(response, ms)
      return `${response.statusCode}${whole ? '' : ', cut'}`
    }
  }

  function isFrom(response: http.IncomingMessage, tag: string): boolean {
    const app = response.headers['x-app-tag']
    if (app !== undefined && app !== tag) tally.fault(`${String(app)} answered for ${tag}`)
    return app === tag
  }

  return [
    { name: 'download', every: 2_000, act: download(`/bytes/${SIZE}`, SIZE) },
    { name: 'download, slow', every: 500, act: download('/drip?pieces=20&size=1000&every=300', 20_000) },
    { name: 'download, left in the middle', every: 2_000, act: download(`/bytes/${2 ** 30}`, 2 ** 30, 50) },
    { name: 'upload', every: 2_000, act: send(() => upload) },
    { name: 'upload, chunked', every: 2_000, act: send(inPieces) },
    { name: 'EventSource', every: 0, act: stream('/sse?n=1000&every=500', 10_000) },
    { name: 'EventSource of the waiting page', every: 3_000, act: stream('/.lotan/events', 3_000) },
    { name: 'a program gives up', every: 1_000, act: giveUp({}) },
    { name: 'a browser gives up', every: 1_000, act: giveUp(asBrowser) },
    { name: 'unknown tag', every: 10_000, act: guess },
    { name: 'API, events', every: 1_000, act: api(() => '/events', 5_000) },
    { name: 'API, events of one', every: 1_000, act: api((tag) => `/previews/${tag}/events`, 3_000) },
    { name: 'API, log followed', every: 1_000, act: api((tag) => `/previews/${tag}/logs?follow=1`, 2_000) },
    { name: 'API, log', every: 5_000, act: api((tag) => `/previews/${tag}/logs`) },
    { name: 'API, wait', every: 2_000, act: api((tag) => `/previews/${tag}/wait`, 300) },
    { name: 'API, list', every: 5_000, act: api(() => '/previews') },
    { name: 'API, tags', every: 10_000, act: api(() => '/tags') },
    { name: 'WebSocket', every: 0, lasts: true, act: (tag, signal) => talkUntilCut(lotan, tally, tag, '/', signal) },
    {
      name: 'WebSocket, pinged',
      every: 0,
      lasts: true,
      act: (...of) => talkUntilCut(lotan, tally, of[0], '/?ping=500', of[1]),
    },
    { name: 'vanishes', every: 240_000, lasts: true, act: (tag, signal) => vanishSoon(lotan, tag, signal) },
  ]
}

/** For so long, or to its end. */
async function read(response: http.IncomingMessage, ms?: number): Promise<{ bytes: number; whole: boolean }> {
  let bytes = 0
  response.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', () => {})
  const leaving = ms === undefined ? undefined : setTimeout(() => response.destroy(), ms)
  await new Promise((resolve) => response.once('close', resolve))
  clearTimeout(leaving)
  return { bytes, whole: response.complete }
}
