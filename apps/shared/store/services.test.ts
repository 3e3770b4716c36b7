import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLog } from '../log.ts'
import { splitId } from '../preview/preview-id.ts'
import { isServiceSlot, serviceSlots } from '../slots/service-slots.ts'
import type { ServiceRow } from '../stack/service-state.ts'
import { labelOf, type Naming } from '../tag.ts'
import { SLOT_REST_MS } from './slots.ts'
import { openStore } from './store.ts'
import { oneRepository } from '../../testing/harness/repositories.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-services-'))
after(() => fs.rmSync(dir, { recursive: true, force: true }))
const log = openLog('test', 'silent')
const naming: Naming = { domain: 'p.test', transliterate: true, ...oneRepository }

let files = 0
const open = (file = path.join(dir, `${++files}.sqlite`), name = naming) =>
  openStore(file, { slots: 5, label: (id, service) => labelOf(id, name, service), log })

const quiet = serviceSlots({ egress: false })

function row(id: string, name: string, more: Partial<ServiceRow> = {}): ServiceRow {
  const nothing = { imageId: null, digest: null, container: null, spec: null, slot: null, port: null, label: null }
  const state = { place: 0, state: 'stopped' as const, since: 0, crashes: 0, restartAt: null, reason: null }
  return { ...splitId(id), name, image: 'mail', ...nothing, ...state, ...more }
}

test('a service keeps its slot until its row goes, and the slot rests then', () => {
  const store = open()
  assert.equal(store.services.takeSlot('red', 'mail', { egress: false }, 0), undefined, 'it has no row')
  store.services.put(row('red', 'mail'))
  store.services.put(row('blue', 'mail'))
  const slot = store.services.takeSlot('red', 'mail', { egress: false }, 0)!
  assert.equal(slot, quiet.first)
  assert.equal(store.services.takeSlot('red', 'mail', { egress: false }, 0), slot)
  assert.equal(store.services.get('red', 'mail')!.slot, slot)
  const other = store.services.takeSlot('blue', 'mail', { egress: false }, 0)
  assert.equal(other, slot + 1)

  store.services.remove('red', 'mail', 1_000)
  store.services.put(row('green', 'mail'))
  assert.equal(store.services.takeSlot('green', 'mail', { egress: false }, 1_000), slot + 2)
})

test('slots are given in turn, and none that rests', () => {
  const store = open()
  const take = (now: number) => {
    store.services.put(row('red', 'mail'))
    return store.services.takeSlot('red', 'mail', { egress: false }, now)
  }
  const given = new Set<number>()
  for (let n = 0; n < 128; n++) {
    given.add(take(n)!)
    store.services.remove('red', 'mail', n)
  }
  assert.equal(given.size, 128)
  assert.ok([...given].every(isServiceSlot))
  assert.equal(take(SLOT_REST_MS - 1), undefined, 'all of them rest')
  assert.equal(take(SLOT_REST_MS), quiet.first)
  store.services.remove('red', 'mail', SLOT_REST_MS)
  assert.equal(take(SLOT_REST_MS + 1), quiet.first + 1)
})

test('a clock that was set back makes them rest from now on', () => {
  const store = open()
  store.services.put(row('red', 'mail'))
  const slot = store.services.takeSlot('red', 'mail', { egress: false }, 1_000_000)
  store.services.remove('red', 'mail', 1_000_000)
  store.services.put(row('red', 'mail'))
  assert.notEqual(store.services.takeSlot('red', 'mail', { egress: false }, 5_000), slot)
})

test('a service that may call out has a slot of the other half, and gives back the one of before', () => {
  const store = open()
  store.services.put(row('red', 'mail'))
  const slot = store.services.takeSlot('red', 'mail', { egress: false }, 0)
  const calling = store.services.takeSlot('red', 'mail', { egress: true }, 0)
  assert.equal(calling, serviceSlots({ egress: true }).first)
  store.services.put(row('blue', 'mail'))
  assert.notEqual(store.services.takeSlot('blue', 'mail', { egress: false }, 0), slot)
})

test('a slot at which the engine has something else is given up for another', () => {
  const store = open()
  store.services.put(row('red', 'mail'))
  const slot = store.services.takeSlot('red', 'mail', { egress: false }, 0)!
  assert.equal(store.services.takeSlot('red', 'mail', { egress: false, anew: true }, 0), slot + 1)
})

test('however a row loses its slot, the slot rests', () => {
  const ways = [
    (store: ReturnType<typeof open>) => store.services.put(row('red', 'mail'), 1_000),
    (store: ReturnType<typeof open>) => store.services.change('red', 'mail', { slot: null }, 1_000),
  ]
  for (const loses of ways) {
    const store = open()
    store.services.put(row('red', 'mail'))
    const slot = store.services.takeSlot('red', 'mail', { egress: false }, 0)
    loses(store)
    assert.notEqual(store.services.takeSlot('red', 'mail', { egress: false }, 1_000), slot)
  }
})

test('where all are taken, one that sleeps for longer than a slot rests gives up its own', () => {
  const store = open()
  for (let n = 0; n < 128; n++) {
    store.services.put(row(`pr-${n}`, 'mail', { state: 'running', since: 0 }))
    store.services.takeSlot(`pr-${n}`, 'mail', { egress: false }, 0)
  }
  store.services.put(row('red', 'mail', { state: 'waiting' }))
  const take = (now: number) => store.services.takeSlot('red', 'mail', { egress: false }, now)
  assert.equal(take(SLOT_REST_MS), undefined)
  const { slot } = store.services.change('pr-7', 'mail', { state: 'stopped', since: 1_000 })!
  assert.equal(take(1_000 + SLOT_REST_MS - 1), undefined, 'a route may lead there still')
  assert.equal(take(1_000 + SLOT_REST_MS), slot)
  assert.equal(store.services.get('pr-7', 'mail')!.slot, null)
})

test('two services never have one slot', () => {
  const store = open()
  store.services.put(row('red', 'mail', { slot: quiet.first }))
  assert.throws(() => store.services.put(row('blue', 'mail', { slot: quiet.first })), /UNIQUE/)
})

test('slots of services are of the count that tells the older of two databases, and rest in one begun anew', () => {
  const store = open()
  store.services.put(row('red', 'mail'))
  const before = store.slotsGiven()
  store.services.takeSlot('red', 'mail', { egress: false }, 0)
  assert.equal(store.slotsGiven(), before + 1)
  const anew = open()
  anew.restAll(0)
  anew.services.put(row('red', 'mail'))
  assert.equal(anew.services.takeSlot('red', 'mail', { egress: false }, 0), undefined)
  assert.equal(anew.services.takeSlot('red', 'mail', { egress: false }, SLOT_REST_MS), quiet.first)
})

test('a host at a hash is found by its label, and under its new one where hosts are named otherwise', () => {
  const file = path.join(dir, 'names.sqlite')
  const store = open(file)
  const label = labelOf('Main', naming, 'mail')
  store.services.put(row('Main', 'mail', { label }))
  store.services.put(row('Main', 'db'))
  assert.equal(store.services.at(label)?.name, 'mail')
  assert.equal(store.services.at('main'), undefined)
  store.close()

  const flat: Naming = { ...naming, hostForm: 'flat', repositories: [{ name: 'api' }] }
  const api = open(path.join(dir, 'api.sqlite'), { ...flat, hostForm: 'nested' })
  api.services.put(row('api/pr-7', 'mail', { label: 'pr-7--to-mail.api' }))
  api.close()
  const renamed = open(path.join(dir, 'api.sqlite'), flat)
  renamed.relabel()
  assert.equal(renamed.services.at('pr-7--to-mail--in-api')?.name, 'mail')
  assert.equal(renamed.services.at('pr-7--to-mail.api'), undefined)
})

test('a label of two services is neither’s', () => {
  const store = open()
  store.services.put(row('Main', 'mail', { label: 'one' }))
  store.services.put(row('MAIN', 'mail', { label: 'one' }))
  assert.equal(store.services.at('one'), null)
})
