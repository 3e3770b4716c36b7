import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLog } from '../../shared/log.ts'
import type { Event } from '../../shared/preview/event.ts'
import { readStack } from '../../shared/stack/read-stack.ts'
import { openStore } from '../../shared/store/store.ts'
import { noteServices, restServices } from './note-services.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-services-'))
const file = path.join(dir, 'lotan.sqlite')
const store = openStore(file, { slots: 5, label: (id) => id, log: openLog('test', 'silent') })
after(() => {
  store.close()
  fs.rmSync(dir, { recursive: true })
})

const image = { id: 'sha256:one', digest: null, pulled: true, bytes: 9, created: null, labels: {}, ports: [] }
const start: Event = { type: 'start', by: 'admin' }
const up: Event[] = [
  start,
  { type: 'found', image },
  { type: 'begin', places: 9, port: 80 },
  { type: 'created', generation: 1, container: 'c1' },
  { type: 'answered', generation: 1, notices: [] },
]

function stackOf(images: Record<string, string>) {
  const services = Object.fromEntries(Object.entries(images).map(([name, image]) => [name, { image }]))
  const read = readStack(JSON.stringify({ services }))
  assert.ok('stack' in read)
  return read.stack
}
const note = (images: Record<string, string>, chosen: Record<string, string> = {}, now = 1) =>
  noteServices(
    { store },
    'red',
    stackOf(images),
    new Map(Object.entries(chosen).map(([name, id]) => [name, { id, digest: null }])),
    now,
  )
const states = () => Object.fromEntries(store.services.of('red').map(({ name, state }) => [name, state]))

test('rows wait while their preview comes up, keep what they know of a container, and those of dropped services stay', () => {
  store.apply('red', start)
  note({ db: 'postgres:16', mail: 'mailpit' })
  assert.deepEqual(states(), { db: 'waiting', mail: 'waiting' })
  store.services.change('red', 'db', { state: 'stopped', container: 'c', spec: 's', imageId: 'one', crashes: 2 })
  note({ cache: 'redis', db: 'postgres:16' }, { cache: 'two' }, 7)
  const [cache, db, mail] = store.services.of('red')
  assert.deepEqual([cache!.name, cache!.place, cache!.imageId, cache!.container], ['cache', 0, 'two', null])
  assert.deepEqual(
    [db!.place, db!.state, db!.since, db!.container, db!.spec, db!.imageId, db!.crashes],
    [1, 'waiting', 7, 'c', 's', 'one', 2],
  )
  assert.equal(mail!.name, 'mail')
})

test('another image in the stack is not here until it is chosen', () => {
  note({ cache: 'redis', db: 'postgres:17' })
  assert.equal(store.services.get('red', 'db')!.imageId, null)
  note({ cache: 'redis', db: 'postgres:17' }, { db: 'three' })
  assert.equal(store.services.get('red', 'db')!.imageId, 'three')
})

test('while its preview runs a row keeps its state, and so it does where the preview sleeps', () => {
  for (const event of up) store.apply('red', event)
  assert.equal(store.get('red')!.state, 'running')
  for (const name of ['cache', 'db']) store.services.change('red', name, { state: 'running', since: 3 })
  note({ cache: 'redis', db: 'postgres:17', more: 'redis' }, { db: 'four' }, 9)
  assert.deepEqual(states(), { cache: 'running', db: 'running', more: 'waiting', mail: 'waiting' })
  assert.equal(store.services.get('red', 'db')!.since, 3)
  store.apply('red', { type: 'stop', why: 'asked' })
  store.apply('red', { type: 'ended' })
  note({ other: 'redis' })
  assert.equal(store.services.get('red', 'other')!.state, 'stopped')
})

test('what is noted already is not written again', () => {
  note({ other: 'redis' })
  const version = store.version()
  note({ other: 'redis' })
  assert.equal(store.version(), version)
})

test('rows of a preview that does not come up rest, and name the service that it is for', () => {
  store.apply('blue', start)
  const reason = { code: 'pull-failed' as const, detail: 'gone', service: 'db' }
  noteServices({ store }, 'blue', stackOf({ db: 'postgres', mail: 'mailpit' }))
  restServices({ store }, 'blue', { name: 'db', reason })
  const [db, mail] = store.services.of('blue')
  assert.deepEqual([db!.state, db!.reason, mail!.state, mail!.reason], ['failed', reason, 'stopped', null])
  noteServices({ store }, 'blue', stackOf({ db: 'postgres', mail: 'mailpit' }))
  assert.equal(store.services.get('blue', 'db')!.reason, null, 'it is tried again')
  // Of a tag without a row only what has a container is left to remove.
  noteServices({ store }, 'none', stackOf({ db: 'postgres', mail: 'mailpit' }))
  for (const name of ['db', 'mail']) store.services.change('none', name, { state: 'waiting' })
  store.services.change('none', 'mail', { container: 'c' })
  restServices({ store }, 'none')
  assert.deepEqual(
    store.services.of('none').map(({ name, state }) => [name, state]),
    [['mail', 'stopped']],
  )
})
