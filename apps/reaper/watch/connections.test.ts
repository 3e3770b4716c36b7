import assert from 'node:assert/strict'
import test from 'node:test'
import type { Preview } from '../../shared/preview/preview.ts'
import { hostPortOf, hostPortText, type SlotScheme } from '../../shared/slots/slot-scheme.ts'
import { nextLook, type Look } from './connections.ts'
import { serviceSlots } from '../../shared/slots/service-slots.ts'
import type { PlacedService } from '../../shared/store/services.ts'

const places: SlotScheme = { kind: 'network', subnet: '10.83.0.0/20' }
const NOW = 1_000_000_000_000

/** A running preview at slot 1. @param lastSeen seconds after NOW, or null */
function red(lastSeen: number | null): Preview {
  return {
    repository: '',
    tag: 'red',
    since: NOW,
    change: 1,
    lastSeen: lastSeen === null ? null : NOW + lastSeen * 1_000,
    image: null,
    generations: 1,
    stages: {},
    took: {},
    crashes: 0,
    notices: [],
    retiring: [],
    rejectedImage: null,
    update: null,
    refreshes: 0,
    waiter: null,
    pin: null,
    removeAt: null,
    request: null,
    copy: null,
    state: 'running',
    generation: { number: 1, container: 'c', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 },
    readyAt: NOW,
    pending: null,
  }
}

const mail = { id: 'red', slot: serviceSlots({ egress: false }).first, port: 8025 }
const atRed = hostPortText(hostPortOf(places, { slot: 1, port: 80 }))
const atMail = hostPortText(hostPortOf(places, mail))

/** Looks every 2 s. @param steps bytes of the one connection (null: it is not there), and when a person was last seen */
function looks(...steps: Step[]): Look {
  return looksAt(atRed, [], steps)
}

type Step = [bytes: number | null, lastSeen: number | null]

function looksAt(peer: string, services: PlacedService[], steps: Step[]): Look {
  let look: Look | undefined
  for (const [i, [bytes, lastSeen]] of steps.entries()) {
    const connection = { key: 'one', peer, bytes: bytes ?? 0 }
    look = nextLook(look, bytes === null ? [] : [connection], [red(lastSeen)], services, places, NOW + i * 2_000)
  }
  return look!
}
const used = (...steps: Parameters<typeof looks>) => [...looks(...steps).used]

test('an open connection is seen, and is no activity alone', () => {
  const look = looks([null, 0], [100, 2], [100, 2])
  assert.deepEqual([...look.open], ['red'])
  assert.deepEqual([...look.used], [])
})

test('bytes that move on a connection seen twice are activity', () => {
  assert.deepEqual(used([null, 0], [100, 2], [101, 2]), ['red'])
  assert.deepEqual(used([null, 0], [100, 2]), [], 'what has moved before it was seen may be its request alone')
})

test('a connection that appeared while no person had been here is a robot’s, whatever moves on it', () => {
  assert.deepEqual(used([null, -9], [null, -9], [100, -9], [200, -9], [300, -9]), [])
  assert.deepEqual(used([null, null], [null, null], [100, null], [200, null]), [])
  assert.deepEqual([...looks([null, -9], [null, -9], [100, -9]).open], ['red'], 'it is open all the same')
})

test('a connection to a service of its stack keeps a preview awake as one to the application does', () => {
  const steps: Step[] = [[null, 0], [100, 2], [101, 2]] // prettier-ignore
  const look = looksAt(atMail, [mail], steps)
  assert.deepEqual([[...look.open], [...look.used]], [['red'], ['red']])
  assert.deepEqual([...looksAt(atMail, [{ ...mail, id: 'blue' }], steps).open], [], 'blue does not run')
  assert.deepEqual([...looksAt(atMail, [{ ...mail, port: 1025 }], steps).open], [])
  assert.deepEqual([...looksAt(atMail, [mail], [[null, -9], [null, -9], [100, -9], [200, -9], [300, -9]]).used], [])
}) // prettier-ignore

test('and stays one when a person comes later', () => {
  assert.deepEqual(used([null, -9], [null, -9], [100, -9], [200, -9], [300, 7]), [])
})

test('a person’s connection stays one, though nothing is asked on it any more', () => {
  const silence = Array.from({ length: 20 }, (_, i): [number, number] => [200 + i, 2])
  assert.deepEqual(used([null, 0], [100, 2], ...silence), ['red'])
})

test('a person who came within the time that nginx may not ask is one', () => {
  assert.deepEqual(used([null, -2], [100, -2], [200, -2]), ['red'])
})

test('a visit that reaches the database after the connection was seen is one', () => {
  assert.deepEqual(used([null, -60], [null, -60], [100, -60], [200, 3]), ['red'])
})

test('another preview’s connection is never activity, whoever visits meanwhile, and is open all the same', () => {
  let look: Look | undefined
  for (const [i, bytes] of [100, 200, 300].entries()) {
    const connection = { key: 'one', peer: '10.83.0.9:80', bytes, ...(i > 0 && { isCall: true as const }) }
    look = nextLook(look, [connection], [red(i * 2)], [], places, NOW + i * 2_000)
  }
  assert.deepEqual([[...look!.used], [...look!.open]], [[], ['red']])
})

test('what was open before the first look is taken for a person’s', () => {
  assert.deepEqual(used([100, null], [200, null]), ['red'])
})

test('connections to addresses that serve no preview count for none', () => {
  const connection = { key: 'one', peer: '10.83.0.200:80', bytes: 1 }
  const look = nextLook(undefined, [connection], [red(0)], [], places, NOW)
  assert.deepEqual([look.open.size, look.known.size], [0, 0])
})
