import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import { movedBetween, parseConnections, sampleConnections } from './connections.ts'

const printed = `0      0      10.83.0.1:50812  10.83.0.25:80
\t cubic wscale:7,7 rto:204 rtt:0.08/0.04 bytes_sent:300 bytes_acked:301 bytes_received:4096 segs_out:4
0      0      10.83.0.1:50900  10.83.0.26:3000
\t cubic wscale:7,7 rto:204 bytes_sent:12 segs_out:1
0      0      [::1]:5000  [::1]:6000
`

test('what ss prints is read as connections with the bytes that both sides have', () => {
  assert.deepEqual(parseConnections(printed), [
    { key: '10.83.0.1:50812 10.83.0.25:80', peer: '10.83.0.25', bytes: 4397 },
    { key: '10.83.0.1:50900 10.83.0.26:3000', peer: '10.83.0.26', bytes: 0 },
    { key: '[::1]:5000 [::1]:6000', peer: '[::1]', bytes: 0 },
  ])
  assert.deepEqual(parseConnections(''), [])
})

test('only a connection seen twice that moved bytes in between is activity', () => {
  const connection = (key: string, bytes: number) => ({ key, peer: `${key}-peer`, bytes })
  const before = [connection('silent', 5), connection('busy', 5), connection('closed', 1)]
  const after = [connection('silent', 5), connection('busy', 6), connection('new', 900)]
  assert.deepEqual([...movedBetween(before, after)], ['busy-peer'])
})

test('the kernel is asked about connections that are really open', async (t) => {
  const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.77')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const socket = net.connect(port, '127.0.0.77')
  t.after(() => {
    socket.destroy()
    server.close()
  })
  await once(socket, 'connect')
  const mine = async () => (await sampleConnections('127.0.0.77/32')).filter(({ key }) => key.endsWith(`:${port}`))

  const open = await mine()
  assert.equal(open.length, 1)
  assert.deepEqual([...movedBetween(open, await mine())], [], 'an open connection alone is no activity')
  socket.write('x'.repeat(1_000))
  let moved = new Set<string>()
  for (const deadline = Date.now() + 5_000; moved.size === 0 && Date.now() < deadline;)
    moved = movedBetween(open, await mine())
  assert.deepEqual([...moved], ['127.0.0.77'])
})
