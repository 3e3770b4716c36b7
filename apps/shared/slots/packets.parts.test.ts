import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { openPackets, sampleWhenMoved } from './packets.ts'

const scheme = { kind: 'network', subnet: '127.0.0.0/8' } as const
const connection = { key: '127.0.0.1:1 127.0.0.1:2', peer: '127.0.0.1:2', bytes: 1 }

test('connections are read again only when packets have passed', async () => {
  let counted: string | undefined = 'br-1 5 5'
  let reads = 0
  const sample = sampleWhenMoved(
    () => (reads++, Promise.resolve([{ ...connection, bytes: reads }])),
    () => counted,
  )
  const bytes = async () => (await sample(scheme)).map(({ bytes }) => bytes)
  assert.deepEqual([await bytes(), await bytes()], [[1], [1]])
  counted = 'br-1 5 6'
  assert.deepEqual([await bytes(), await bytes()], [[2], [2]])
  counted = undefined
  assert.deepEqual([await bytes(), await bytes()], [[3], [4]], 'where it cannot be told, each time')
})

test('a failed read is tried again', async () => {
  let reads = 0
  const sample = sampleWhenMoved(
    () => (reads++ === 0 ? Promise.reject(new Error('no ss')) : Promise.resolve([connection])),
    () => 'br-1 5 5',
  )
  await assert.rejects(sample(scheme), /no ss/)
  assert.deepEqual(await sample(scheme), [connection])
})

test('what passes on the interface of the slots is counted', async (t) => {
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  for (const slots of [scheme, { kind: 'port' as const, ports: [port] }]) {
    const packets = openPackets()
    const before = packets(slots)
    const socket = net.connect(port, '127.0.0.1').end('bytes')
    await once(socket.resume(), 'end')
    assert.match(before ?? '', /^lo \d+ \d+$/)
    assert.notEqual(packets(slots), before)
  }
  assert.equal(openPackets()({ kind: 'network', subnet: '203.0.113.0/24' }), undefined)
})
