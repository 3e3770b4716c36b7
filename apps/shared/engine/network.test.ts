import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mangledText } from '../../testing/arbitraries/texts.ts'
import { overlaps, subnetFor } from '../slots/slots.ts'
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

test('whatever the kernel’s table of routes says, a subnet is found beside it', () => {
  const sample = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n'
  fc.assert(
    fc.property(mangledText(sample), (table) => {
      const routes = routesIn(table)
      assert.ok(!overlaps(subnetFor(routes), routes))
    }),
    { numRuns: 200 },
  )
}) // prettier-ignore
