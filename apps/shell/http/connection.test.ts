/** Connections that are slow, break, or vanish, over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer, type ClientOptions, type WebSocket } from 'ws'
import type { Session } from '../sessions/open-sessions.ts'
import type { Talk } from '../sessions/talk.ts'
import { streams } from '../../shared/shell/frames.ts'
import { until } from '../../testing/harness/until.ts'
import { openConnection, type Connection, type Hearer } from './connection.ts'
import { openConversation } from './conversation.ts'
import { clientOf, connect, type Client } from './harness.ts'

const BLOCK = Buffer.alloc(64 * 1024, 'x')

describe('a connection', { timeout: 30_000 }, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-connection-'))
  const socketFile = path.join(dir, 's.sock')
  const server = http.createServer()
  // Shorter than the tests' waits: a closing that began too early is seen.
  const options = { server, closeTimeout: 100 }
  const sockets = new WebSocketServer(options)
  const clients: WebSocket[] = []

  before(async () => {
    await once(server.listen(socketFile), 'listening')
  })
  after(() => {
    for (const client of clients) client.terminate()
    sockets.close()
    server.close()
    fs.rmSync(dir, { recursive: true })
  })

  async function open(
    isPatient = false,
    patience = { pingMs: 20, vanishedMs: 10_000 },
    options: ClientOptions = {},
  ): Promise<{ client: Client; connection: Connection }> {
    const taken = once(sockets, 'connection') as Promise<[WebSocket]>
    const socket = connect(socketFile, '/', options)
    clients.push(socket)
    const client = clientOf(socket)
    const [[served]] = await Promise.all([taken, once(socket, 'open')])
    return { client, connection: openConnection(served, isPatient, patience) }
  }
  const hearing = (input: Hearer['input'], told: Hearer['told'] = () => {}): Hearer => ({ input, told })

  test('is cut where its client answers no ping, unless that may only be slow to read', async () => {
    const impatient = { pingMs: 20, vanishedMs: 200 }
    const slow = await open(true, impatient, { autoPong: false })
    void slow.connection.send(streams.output, BLOCK)
    const answers = await open(false, impatient)
    const vanished = await open(false, impatient, { autoPong: false })
    const patient = await open(true, impatient, { autoPong: false })
    await Promise.all([vanished, patient].map(({ connection: { closed } }) => until('it is cut', () => closed.aborted)))
    assert.deepEqual([answers.connection.closed.aborted, slow.connection.closed.aborted], [false, false])
  })

  test('slows who writes to a client that does not read, and loses nothing when it closes', async () => {
    const { client, connection } = await open(true, { pingMs: 5, vanishedMs: 100 })
    client.socket.pause()
    let blocks = 0
    let full: Promise<void> | undefined
    while (!full && blocks < 1_000) {
      full = connection.send(streams.output, BLOCK)
      blocks++
    }
    assert.ok(blocks < 100, `${blocks} blocks`)
    let isFree = false
    void full!.then(() => (isFree = true))
    connection.say({ type: 'end', end: { why: 'exited', code: 0 } })
    void connection.close()
    await sleep(5 * 70)
    assert.equal(isFree, false)
    client.socket.resume()
    assert.equal(await client.closed, 1000)
    assert.equal(isFree, true)
    assert.equal(client.output().length, blocks * BLOCK.length)
    assert.ok(client.found('end'))
  })

  test('slows a client that writes faster than it is read, and notices when that one leaves', async () => {
    const { client, connection } = await open(false, { pingMs: 5, vanishedMs: 10_000 })
    let taken = 0
    let isFree = false
    let goOn = () => {}
    connection.hear(
      hearing((bytes) => {
        taken += bytes.length
        return isFree ? undefined : new Promise((resolve) => (goOn = resolve))
      }),
    )
    for (let i = 0; i < 100; i++) client.write(BLOCK)
    await until('the first has come', () => taken > 0)
    // A client that answered each of so many pings would end: 60 is what `ws` lets wait.
    await sleep(5 * 70)
    assert.ok(taken < 10 * BLOCK.length, `${taken} bytes`)
    assert.ok(client.socket.bufferedAmount > 0)
    isFree = true
    goOn()
    await until('all has come', () => taken === 100 * BLOCK.length)
    isFree = false
    for (let i = 0; i < 100; i++) client.write(BLOCK)
    await sleep(50)
    client.socket.terminate()
    await until('it is noticed', () => connection.closed.aborted)
  })

  test('holds what a client says before it is heard, in order, and ends one that says what nobody knows', async () => {
    const { client, connection } = await open()
    client.write('one')
    client.say({ type: 'resize', columns: 1, rows: 2 })
    client.write('two')
    client.say({ type: 'eof' })
    for (let i = 0; i < 100; i++) client.write(BLOCK)
    await sleep(100)
    assert.ok(client.socket.bufferedAmount > 0)
    const heard: string[] = []
    let bytes = 0
    const input = (said: Buffer) => {
      bytes += said.length
      if (said.length < 10) heard.push(said.toString())
      return undefined
    }
    connection.hear(hearing(input, ({ type }) => heard.push(type)))
    assert.deepEqual(heard, ['one', 'resize', 'two', 'eof'])
    await until('the rest comes', () => bytes === 6 + 100 * BLOCK.length)
    client.socket.send('{"type":"dance"}')
    assert.equal(await client.closed, 1008)
    const other = await open()
    other.client.socket.send(Buffer.from([streams.output, 1]))
    assert.equal(await other.client.closed, 1008)
  })

  test('is followed by another one that goes on where its client has read', async () => {
    const output = new PassThrough()
    const ended = Promise.withResolvers<{ why: 'idle' }>()
    const session = { id: 's', touch: () => {}, onNotice: () => {} } as unknown as Session
    const talk: Talk = { session, input: new PassThrough(), output, errors: null, resize: () => {}, signal: () => {}, ended: ended.promise } // prettier-ignore
    const conversation = openConversation(talk, 'secret', () => {})
    const [first, second, third] = [await open(), await open(), await open()]
    conversation.goOnOver(first.connection)
    output.write('one, ')
    await until('it is read', () => first.client.output().toString() === 'one, ')
    first.client.socket.terminate()
    await until('it is noticed', () => first.connection.closed.aborted)
    output.write('two, ')
    output.write(BLOCK)
    for (let i = 0; i < 4; i++) output.write(BLOCK)
    output.write('three')
    await until('it was said', () => output.readableLength === 0)

    // Of what is not kept a client knows nothing: it counts what it has read.
    conversation.goOnOver(second.connection, 5)
    await until('it is there', () => second.client.output().includes('three'))
    const lost = Number(/^\d+/.exec(second.client.found('notice')!.line)![0])
    assert.equal(second.client.output().length, 256 * 1024)
    assert.equal(lost, 5 + 5 * BLOCK.length + 5 - 256 * 1024)
    output.write(', four')
    const read = 5 + 256 * 1024
    conversation.goOnOver(third.connection, read)
    await until('it goes on', () => third.client.output().toString() === ', four')
    assert.equal(await second.client.closed, 1000)
    ended.resolve({ why: 'idle' })
    assert.equal(await third.client.closed, 1000)
    assert.deepEqual(third.client.found('end')?.end, { why: 'idle' })
  })
})
