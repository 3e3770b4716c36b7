import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import { until } from '../testing/until.ts'
import { parseConnections, sampleConnections } from './connections.ts'

const printed = `0      0      10.83.0.1:50812  10.83.0.25:80
\t cubic wscale:7,7 rto:204 rtt:0.08/0.04 bytes_sent:300 bytes_acked:301 bytes_received:4096 segs_out:4
0      0      10.83.0.1:50900  10.83.0.26:3000
\t cubic wscale:7,7 rto:204 bytes_sent:12 segs_out:1
0      0      [::1]:5000  [::1]:6000
`

// As iproute2 6.1 printed it.
const real = `50000  0      127.0.0.1:54468 127.0.0.1:39123
\t bbr wscale:10,10 rto:204 rtt:0.067/0.038 ato:80 mss:35328 pmtu:65535 rcvmss:32768 advmss:65483 cwnd:11 bytes_sent:1000 bytes_acked:1001 bytes_received:50000 segs_out:5 segs_in:4 data_segs_out:1 data_segs_in:2 bbr:(bw:25693083248bps,mrtt:0.011,pacing_gain:2.88672,cwnd_gain:2.88672) send 46400955224bps lastsnd:336 lastrcv:336 lastack:336 pacing_rate 99806839920bps delivery_rate 25693090904bps delivered:2 app_limited rcv_space:65495 rcv_ssthresh:94806 minrtt:0.011 snd_wnd:70656                             
`

test('what ss prints is read as connections with the bytes that both sides have', () => {
  assert.deepEqual(parseConnections(printed), [
    { key: '10.83.0.1:50812 10.83.0.25:80', peer: '10.83.0.25', bytes: 4397 },
    { key: '10.83.0.1:50900 10.83.0.26:3000', peer: '10.83.0.26', bytes: 0 },
    { key: '[::1]:5000 [::1]:6000', peer: '[::1]', bytes: 0 },
  ])
  assert.deepEqual(parseConnections(real), [
    { key: '127.0.0.1:54468 127.0.0.1:39123', peer: '127.0.0.1', bytes: 51_001 },
  ])
  assert.deepEqual(parseConnections(''), [])
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

  const [open, ...others] = await mine()
  assert.deepEqual([open?.peer, others.length], ['127.0.0.77', 0])
  assert.equal((await mine())[0]?.bytes, open!.bytes, 'nothing was sent')
  socket.write('x'.repeat(1_000))
  await until('what is sent is counted', async () => (await mine())[0]!.bytes >= open!.bytes + 1_000)
})
