import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact, FactName } from '../store/facts.ts'
import { hostPortOf, slotSchemeIn, portsIn, slotOf, hostPortText, upstreamOf, type SlotScheme } from './slot-scheme.ts'

const network: SlotScheme = { kind: 'network', subnet: '10.83.0.0/20' }
const ports: SlotScheme = { kind: 'port', ports: [20_001, 20_002, 20_004] }
type Known = { [N in FactName]?: Fact<N> }
const facts = (known: Known) => ({ get: <N extends FactName>(name: N) => known[name] as Fact<N> | undefined })

test('where slots are is what the database says; one of an earlier Lotan knows the network alone', () => {
  assert.equal(slotSchemeIn(facts({})), undefined)
  assert.deepEqual(slotSchemeIn(facts({ subnet: '10.83.0.0/20' })), network)
  const known = { subnet: '10.83.0.0/20', slotPorts: [20_001, 20_002, 20_004] }
  assert.deepEqual(slotSchemeIn(facts({ ...known, slotKind: 'network' })), network)
  assert.deepEqual(slotSchemeIn(facts({ ...known, slotKind: 'port' })), ports)
  assert.deepEqual(portsIn(facts(known)), ports.ports)
  assert.deepEqual(portsIn(facts({})), [])
})

test('a slot is an address at the application’s port, or a port that leads there', () => {
  assert.deepEqual(hostPortOf(network, { slot: 2, port: 3000 }), {
    host: '10.83.0.10',
    port: 3000,
    address: '10.83.0.10',
    published: null,
  })
  assert.deepEqual(hostPortOf(ports, { slot: 2, port: 3000 }), {
    host: '127.0.0.1',
    port: 20_002,
    address: null,
    published: 20_002,
  })
  assert.equal(hostPortText(hostPortOf(ports, { slot: 3, port: 80 })), '127.0.0.1:20004')
  for (const slot of [0, 4]) assert.throws(() => hostPortOf(ports, { slot, port: 80 }), /no slot/)
})

test('a container has the slot whose place it has, and none where it was made for the other kind', () => {
  const table: [places: SlotScheme, address: string | null, published: number | null, slot: number | null][] = [
    [network, '10.83.0.10', null, 2],
    [network, '10.83.8.3', null, null],
    [network, null, null, null],
    [network, '10.83.0.10', 20_002, null],
    [ports, '10.83.8.3', 20_004, 3],
    [ports, '10.83.0.10', null, null],
    [ports, null, 20_003, null],
  ]
  for (const [places, address, published, slot] of table)
    assert.equal(slotOf(places, { address, published }), slot, `${places.kind} ${address} ${published}`)
})

test('a preview on the pool’s port goes through its group, another by its address, and one behind a port always', () => {
  assert.equal(upstreamOf({ slot: 17, port: 80 }, network, 80), 'slot_17')
  assert.equal(upstreamOf({ slot: 17, port: 3000 }, network, 80), '10.83.0.25:3000')
  assert.equal(upstreamOf({ slot: 2, port: 3000 }, ports, 80), 'slot_2')
})
