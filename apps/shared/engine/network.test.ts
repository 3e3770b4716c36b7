import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routesIn } from './network.ts'

test('a routing table says which networks are taken', () => {
  const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	0000530A	00000000	0001	0	0	0	00F0FFFF	0	0	0
`
  assert.deepEqual(routesIn(table), ['172.17.0.0/16', '192.0.2.0/24', '10.83.0.0/20'])
  assert.deepEqual(routesIn(''), [])
})
