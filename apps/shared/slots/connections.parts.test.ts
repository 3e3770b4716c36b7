import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import fc from 'fast-check'
import { mangledText } from '../../testing/arbitraries/texts.ts'
import { until } from '../../testing/harness/until.ts'
import { parseConnections, sampleConnections } from './connections.ts'
import type { SlotScheme } from './slot-scheme.ts'

const printed = `0      0      10.83.0.1:50812  10.83.0.25:80
\t cubic wscale:7,7 rto:204 rtt:0.08/0.04 bytes_sent:300 bytes_acked:301 bytes_received:4096 segs_out:4
0      0      10.83.0.1:50900  10.83.0.26:3000
\t cubic wscale:7,7 rto:204 bytes_sent:12 segs_out:1
0      0      [::1]:5000  [::1]:6000
0      0      10.83.0.1:50901  10.83.0.27:80 timer:(keepalive,119min,0)
	 cubic wscale:7,7 bytes_acked:1 bytes_received:2
0      0      10.83.0.1:50902  10.83.0.27:80 timer:(on,204ms,0)
`

// As iproute2 6.1 printed it.
const real = `50000  0      127.0.0.1:54468 127.0.0.1:39123
\t bbr wscale:10,10 rto:204 rtt:0.067/0.038 ato:80 mss:35328 pmtu:65535 rcvmss:32768 advmss:65483 cwnd:11 bytes_sent:1000 bytes_acked:1001 bytes_received:50000 segs_out:5 segs_in:4 data_segs_out:1 data_segs_in:2 bbr:(bw:25693083248bps,mrtt:0.011,pacing_gain:2.88672,cwnd_gain:2.88672) send 46400955224bps lastsnd:336 lastrcv:336 lastack:336 pacing_rate 99806839920bps delivery_rate 25693090904bps delivered:2 app_limited rcv_space:65495 rcv_ssthresh:94806 minrtt:0.011 snd_wnd:70656                             
`

test('what ss prints is read as connections with the bytes that both sides have', () => {
  assert.deepEqual(parseConnections(printed), [
    { key: '10.83.0.1:50812 10.83.0.25:80', peer: '10.83.0.25:80', bytes: 4397 },
    { key: '10.83.0.1:50900 10.83.0.26:3000', peer: '10.83.0.26:3000', bytes: 0 },
    { key: '[::1]:5000 [::1]:6000', peer: '[::1]:6000', bytes: 0 },
    { key: '10.83.0.1:50901 10.83.0.27:80', peer: '10.83.0.27:80', bytes: 3, isCall: true },
    { key: '10.83.0.1:50902 10.83.0.27:80', peer: '10.83.0.27:80', bytes: 0 },
  ])
  assert.deepEqual(parseConnections(real), [
    { key: '127.0.0.1:54468 127.0.0.1:39123', peer: '127.0.0.1:39123', bytes: 51_001 },
  ])
  assert.deepEqual(parseConnections(''), [])
})

for (const [kind, host] of [
  ['network', '127.0.0.77'],
  ['port', '127.0.0.1'],
] as const)
  test(`the kernel is asked about connections that are really open to slots of kind ${kind}`, async (t) => {
    const server = net.createServer((socket) => socket.resume()).listen(0, host)
    const other = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.78')
    await Promise.all([once(server, 'listening'), once(other, 'listening')])
    const { port } = server.address() as net.AddressInfo
    const sockets = [
      net.connect(port, host),
      net.connect((other.address() as net.AddressInfo).port, '127.0.0.78'),
    ] as const
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
      other.close()
    })
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const places: SlotScheme = kind === 'network' ? { kind, subnet: `${host}/32` } : { kind, ports: [port] }

    const [open, ...others] = await sampleConnections(places)
    assert.deepEqual([open?.peer, others.length], [`${host}:${port}`, 0])
    const bytes = async () => (await sampleConnections(places))[0]!.bytes
    assert.equal(await bytes(), open!.bytes, 'nothing was sent')
    sockets[0].write('x'.repeat(1_000))
    await until('what is sent is counted', async () => (await bytes()) >= open!.bytes + 1_000)
  })

test('whatever ss prints, what is read of it are connections with a number of bytes', () => {
  fc.assert(
    fc.property(mangledText(printed), (text) => {
      for (const { key, peer, bytes } of parseConnections(text)) {
        assert.ok(key.endsWith(` ${peer}`) && peer.includes(':'))
        assert.ok(bytes >= 0)
      }
    }),
    { numRuns: 200 },
  )
})
