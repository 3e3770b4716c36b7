import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLog } from '../log.ts'
import { MOST_SHARES, openStore, type Share } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-shares-'))
const log = openLog('test', 'silent')
const store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 1, label: (tag) => tag, log })
after(() => {
  store.close()
  fs.rmSync(dir, { recursive: true })
})

const now = 1_763_700_000_000
const anna = { who: 'anna@example.com', address: '192.0.2.1' }
const { shares } = store

let made = 0
function shareOf(preview: string, until: number): Share & { key: string } {
  const id = String(++made)
  return { id, preview, created: now, until, by: anna, key: `key ${id}` }
}

function add(preview: string, until: number): Share & { key: string } {
  const share = shareOf(preview, until)
  assert.equal(shares.add(share), true)
  return share
}

const ids = (at: number) => shares.list(at).map(({ id }) => id)

test('a link is found by its key until it is over or ended, and told of in the history of its preview', () => {
  store.apply('red', { type: 'start', by: 'api' }, now)
  const [{ key, ...red }, api, gone] = [add('red', now + 10), add('api/pr-7', now + 20), add('gone', now + 20)]
  assert.deepEqual(shares.find(key, now), red)
  assert.equal(shares.find(api.key, now)?.preview, 'api/pr-7')
  assert.equal(shares.find('another key', now), undefined)
  assert.deepEqual(ids(now), [gone.id, red.id, api.id])
  assert.deepEqual([shares.find(key, red.until), ids(red.until)], [undefined, [gone.id, api.id]])

  assert.deepEqual(shares.remove(red.id, now + 1, { who: 'admin', address: null }), red)
  assert.equal(shares.remove(red.id, now + 1, anna), undefined)
  assert.equal(shares.find(key, now), undefined)
  const told = store.history('red').map(({ at, was, state, event, detail, who }) => [at - now, was, state, event, detail, who]) // prettier-ignore
  assert.deepEqual(told.slice(0, 2), [
    [1, 'queued', 'queued', 'unshare', red.id, 'admin'],
    [0, 'queued', 'queued', 'share', `${red.id} until ${new Date(red.until).toISOString()}`, anna.who],
  ])
  // A preview that is no more has no history that begins with this.
  assert.equal(shares.remove(gone.id, now, anna)?.preview, 'gone')
  assert.deepEqual(store.history('gone'), [])
  shares.remove(api.id, now, anna)
})

test('there are so many at most, of which those that are over do not count', () => {
  for (let i = 0; i < MOST_SHARES; i++) add('red', now + 1 + i)
  const late = shareOf('red', now + 9_999)
  assert.equal(shares.add(late), false)
  assert.equal(ids(now).length, MOST_SHARES)
  assert.equal(shares.add({ ...late, created: now + 5 }), true)
  assert.equal(ids(now).length, MOST_SHARES - 4, 'those that are over have gone')
})
