import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh, type Preview } from '../../shared/preview/preview.ts'
import type { SandboxContainer } from '../../shared/engine/engine.ts'
import type { Sandbox } from '../../shared/store/sandboxes.ts'
import { hostPortOf, type SlotScheme } from '../../shared/slots/slot-scheme.ts'
import { leastSpare, planSandboxes, type Facts } from './plan-sandboxes.ts'

const network: SlotScheme = { kind: 'network', subnet: '10.83.0.0/20' }
const ports: SlotScheme = { kind: 'port', ports: [20_001, 20_002, 20_003] }
const nothing: Facts = {
  rows: [],
  found: [],
  previews: [],
  scheme: network,
  slots: 500,
  spare: 100,
  port: 80,
  wanted: { ready: 0, kept: 9 },
}

/** Its slot has its number. */
const row = (number: number, over: Partial<Sandbox> = {}): Sandbox => ({
  number,
  state: 'ready',
  port: null,
  slot: number,
  preview: null,
  ...over,
})
const there = (
  number: number,
  over: Partial<SandboxContainer> = {},
  scheme: SlotScheme = network,
): SandboxContainer => {
  const { address, published } = hostPortOf(scheme, { slot: number, port: 80 })
  return { id: `s${number}`, number, running: true, address, published, isJoined: false, ...over }
}
/** Last used at `lastSeen`. */
const preview = (tag: string, sandbox: number, lastSeen: number, state = 'stopped') =>
  ({
    ...fresh,
    repository: '',
    tag,
    since: 0,
    lastSeen,
    state,
    why: 'idle',
    generation: { number: 1, container: `c-${tag}`, slot: null, sandbox, image: 'i', digest: null, port: 80 },
  }) as Preview
const pulling = (tag: string) => ({ ...preview(tag, 0, 0, 'pulling'), generation: null }) as unknown as Preview
const given = (number: number, tag: string | null, over: Partial<Sandbox> = {}) =>
  row(number, { state: 'given', preview: tag, ...over })

const remove = (number: number) => ({ do: 'remove', number })
const stop = (number: number, givesSlot = true) => ({ do: 'stop', number, givesSlot })
const make = { do: 'make' }

const table: [name: string, facts: Partial<Facts>, actions: object[]][] = [
  ['none is wanted', {}, []],
  ['one is missing', { wanted: { ready: 1, kept: 0 } }, [make]],
  ['all stand ready', { rows: [row(1)], found: [there(1)], wanted: { ready: 1, kept: 0 } }, []],
  ['the engine was not asked', { rows: [row(1)], found: null, wanted: { ready: 1, kept: 0 } }, []],
  [
    'more than are wanted',
    { rows: [row(1), row(2)], found: [there(1), there(2)], wanted: { ready: 1, kept: 0 } },
    [remove(2)],
  ],
  [
    'two images are being pulled, and one stands ready',
    { rows: [row(1)], found: null, wanted: { ready: 1, kept: 0 }, previews: ['a', 'b'].map(pulling) },
    [make],
  ],
  [
    'as many stand ready as images are being pulled',
    { rows: [row(1), row(2)], found: null, wanted: { ready: 1, kept: 0 }, previews: ['a', 'b'].map(pulling) },
    [],
  ],
  ['an image is being pulled, and they are switched off', { previews: [pulling('a')] }, []],
  ['they are switched off', { rows: [row(1)], found: [there(1)] }, [remove(1)]],
  [
    'one has ended',
    { rows: [row(1)], found: [there(1, { running: false })], wanted: { ready: 1, kept: 0 } },
    [remove(1), make],
  ],
  ['one was removed', { rows: [row(1)], found: [], wanted: { ready: 1, kept: 0 } }, [remove(1), make]],
  [
    'one is elsewhere',
    { rows: [row(1)], found: [there(1, { address: '10.83.0.99' })], wanted: { ready: 1, kept: 0 } },
    [remove(1), make],
  ],
  [
    'LOTAN_SLOTS was lowered',
    { slots: 1, rows: [row(1), row(2)], found: [there(1), there(2)], wanted: { ready: 2, kept: 0 } },
    [remove(2), make],
  ],
  [
    'one stood ready for an earlier process',
    { rows: [row(1, { state: 'unchecked' })], found: [there(1)], wanted: { ready: 1, kept: 0 } },
    [{ do: 'ready', number: 1 }],
  ],
  [
    'one was given away after the back-up that was restored',
    { rows: [row(1, { state: 'unchecked' })], found: [there(1, { isJoined: true })], wanted: { ready: 1, kept: 0 } },
    [{ do: 'forget', number: 1 }, make],
  ],
  [
    'its number was another’s before the back-up was restored',
    { rows: [row(1, { state: 'making' })], found: [there(1, { isJoined: true })] },
    [{ do: 'forget', number: 1 }],
  ],
  ['one was being made, and the engine was not asked', { rows: [row(1, { state: 'making' })], found: null }, []],
  ['one was being made when Lotan ended', { rows: [row(1, { state: 'making' })], found: [there(1)] }, [remove(1)]],
  ['no slot is to spare', { spare: leastSpare(500), wanted: { ready: 1, kept: 0 } }, []],
  ['a slot is to spare', { spare: leastSpare(500) + 1, wanted: { ready: 1, kept: 0 } }, [make]],

  [
    'the pool’s port has changed',
    {
      scheme: ports,
      port: 3000,
      rows: [row(1, { port: 80 })],
      found: [there(1, {}, ports)],
      wanted: { ready: 1, kept: 0 },
    },
    [remove(1), make],
  ],
  [
    'a port slot’s is at its port',
    { scheme: ports, rows: [row(1, { port: 80 })], found: [there(1, {}, ports)], wanted: { ready: 1, kept: 0 } },
    [],
  ],

  ['its generation has gone', { rows: [given(1, null)], found: [there(1)] }, [remove(1)]],
  ['its generation has gone, the engine was not asked', { rows: [given(1, null)], found: null }, []],
  ['a container still joins it', { rows: [given(1, null)], found: [there(1, { isJoined: true })] }, []],
  ['a container of a lost database joins it', { found: [there(1, { isJoined: true })] }, []],
  ['it is a lost database’s, without a container', { found: [there(1)] }, [remove(1)]],
  [
    'a running preview has it',
    {
      rows: [given(1, 'a')],
      found: [there(1, { isJoined: true })],
      previews: [preview('a', 1, 5, 'running')],
      wanted: { ready: 0, kept: 0 },
    },
    [],
  ],

  [
    'one of two may be kept',
    {
      rows: [given(1, 'a'), given(2, 'b')],
      found: [there(1), there(2)],
      previews: [preview('a', 1, 9), preview('b', 2, 5)],
      wanted: { ready: 0, kept: 1 },
    },
    [stop(2)],
  ],
  [
    'none may be kept',
    { rows: [given(1, 'a')], found: [there(1)], previews: [preview('a', 1, 9)], wanted: { ready: 0, kept: 0 } },
    [stop(1)],
  ],
  [
    'it gave its slot up already',
    {
      rows: [given(1, 'a', { slot: null })],
      found: [there(1, { running: false })],
      previews: [preview('a', 1, 9)],
      wanted: { ready: 0, kept: 0 },
    },
    [],
  ],
  [
    'slots are short',
    {
      spare: leastSpare(500) - 1,
      rows: [given(1, 'a'), given(2, 'b')],
      found: [there(1), there(2)],
      previews: [preview('a', 1, 9), preview('b', 2, 5)],
    },
    [stop(2)],
  ],
  [
    'a port slot’s keeps its slot',
    {
      scheme: ports,
      rows: [given(1, 'a', { port: 80 })],
      found: [there(1, {}, ports)],
      previews: [preview('a', 1, 9)],
      wanted: { ready: 0, kept: 0 },
    },
    [stop(1, false)],
  ],
  [
    'a port slot’s has ended already',
    {
      scheme: ports,
      rows: [given(1, 'a', { port: 80 })],
      found: [there(1, { running: false }, ports)],
      previews: [preview('a', 1, 9)],
      wanted: { ready: 0, kept: 0 },
    },
    [],
  ],
]

for (const [name, facts, actions] of table)
  test(`sandboxes: ${name}`, () => assert.deepEqual(planSandboxes({ ...nothing, ...facts }), actions))

test('starts are left a tenth of the slots: one at least, five at most', () => {
  assert.deepEqual([2, 6, 20, 50, 2_000].map(leastSpare), [1, 1, 2, 5, 5])
})
