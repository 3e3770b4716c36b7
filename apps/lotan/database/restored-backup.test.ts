import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { openLog } from '../../shared/log.ts'
import type { Event } from '../../shared/preview/event.ts'
import { openStore } from '../../shared/store/store.ts'
import { raiseStoreCounter, isRestoredBackup, raiseFileCounter } from './restored-backup.ts'

const image = { id: 'i', digest: null, pulled: false, bytes: 1, created: null, labels: {}, ports: [80] }

function makeBed(t: TestContext) {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-older-'))
  const log = openLog('test', 'silent')
  const open = (name: string) => {
    const store = openStore(path.join(dataDir, name), { slots: 20, label: (tag) => tag, log })
    t.after(() => store.close())
    return store
  }
  t.after(() => fs.rmSync(dataDir, { recursive: true }))
  return { config: { dataDir }, open, file: path.join(dataDir, 'run', 'slots-given') }
}

type Store = ReturnType<ReturnType<typeof makeBed>['open']>

function up(store: Store, tag: string, slot: number) {
  const generation = { number: 1, container: `c-${tag}`, slot, sandbox: null, image: 'i', digest: null, port: 80 }
  store.apply(tag, { type: 'adopt', frozen: false, generation, image })
}

test('a database is older when slots were given out that it does not tell of, until it was compared', (t) => {
  const { config, open, file } = makeBed(t)
  const [now, then] = [open('now'), open('then')]
  for (const store of [now, then]) up(store, 'red', 1)
  raiseFileCounter(config, now)
  assert.equal(isRestoredBackup(config, now), false)
  assert.equal(isRestoredBackup(config, then), false, 'nothing was given out since')

  up(now, 'blue', 2)
  assert.equal(isRestoredBackup(config, now), false, 'what is ahead of the file is the last one')
  raiseFileCounter(config, now)
  assert.equal(fs.readFileSync(file, 'utf8'), '0000000000000002\n')
  raiseFileCounter(config, then)
  assert.equal(isRestoredBackup(config, then), true)

  raiseStoreCounter(config, then)
  assert.equal(isRestoredBackup(config, then), true)
  then.facts.set('compared', true)
  raiseStoreCounter(config, then)
  assert.equal(isRestoredBackup(config, then), false)
  raiseFileCounter(config, then)
  assert.equal(isRestoredBackup(config, now), true, 'the other one is older from then on')
})

test('without the file nobody can tell, but of a database of before slots were counted, or with nothing at a slot', (t) => {
  const { config, open, file } = makeBed(t)
  const store = open('now')
  assert.equal(isRestoredBackup(config, store), false)
  up(store, 'red', 1)
  assert.equal(isRestoredBackup(config, store), true)
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, '')
  assert.equal(isRestoredBackup(config, store), true, 'nor from one that a crash left empty')
  raiseFileCounter(config, store)
  assert.equal(isRestoredBackup(config, store), false)

  const uncounted = open('uncounted')
  up(uncounted, 'red', 1)
  uncounted.facts.set('slotsGiven', 0)
  assert.equal(isRestoredBackup(config, uncounted), true, 'a back-up of before that')
  fs.rmSync(file)
  assert.equal(isRestoredBackup(config, uncounted), false, 'the first start of a Lotan that counts')

  raiseFileCounter(config, store)
  const lost = open('lost')
  assert.equal(isRestoredBackup(config, lost), false)
  up(lost, 'red', 1)
  for (const event of [{ type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' }] as Event[])
    lost.apply('red', event)
  lost.facts.set('slotsGiven', 0)
  assert.equal(isRestoredBackup(config, lost), false)
})
