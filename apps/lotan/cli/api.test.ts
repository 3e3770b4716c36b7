import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { listen, type Event } from './api.ts'

/** The events of a stream that comes in these pieces, and then ends. */
async function eventsOf(pieces: (string | Buffer)[]): Promise<Event[] | undefined> {
  const server = http.createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/event-stream')
    const next = () => {
      const piece = pieces.shift()
      if (piece === undefined) res.end()
      else res.write(piece, () => setImmediate(next))
    }
    next()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const api = { base: `http://127.0.0.1:${port}`, connect: null, token: 'a-token' }
    const events = await listen(api, '/events', AbortSignal.timeout(10_000))
    if (!events) return undefined
    const found: Event[] = []
    for await (const event of events) found.push(event)
    return found
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('events are read however the stream is cut and whatever else it says', async () => {
  const removed = (tag: string): Event => ({ event: 'removed', data: { repository: '', tag } })
  const text = 'event: removed\ndata: {"repository":"","tag":"é"}\n\n'
  const bytes = Buffer.from(text)
  const table: [name: string, pieces: (string | Buffer)[], events: Event[]][] = [
    ['one piece', ['retry: 1000\n\nevent: removed\ndata: {"repository":"","tag":"a"}\n\n'], [removed('a')]],
    ['two events in one', ['event: removed\ndata: {"repository":"","tag":"a"}\n\nevent: removed\ndata: {"repository":"","tag":"b"}\n\n'], [removed('a'), removed('b')]],
    ['byte by byte', [...bytes].map((byte) => Buffer.of(byte)), [removed('é')]],
    ['CRLF, and data over two lines', ['event: removed\r\ndata: {"repository":"","tag":\r\ndata: "a"}\r\n\r\n'], [removed('a')]],
    ['heartbeats', [': still here\n\n', 'event: removed\ndata: {"repository":"","tag":"a"}\n\n', ': still here\n\n'], [removed('a')]],
    ['events of a newer Lotan', ['event: pinned\ndata: nothing\n\nevent: removed\nid: 7\ndata: {"repository":"","tag":"a"}\n\n'], [removed('a')]],
    ['one that is cut off', ['event: removed\ndata: {"repository":"","tag":"a"}\n'], []],
  ] // prettier-ignore
  for (const [name, pieces, events] of table) assert.deepEqual(await eventsOf(pieces), events, name)
})
