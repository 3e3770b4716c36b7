import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { openStore } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-offered-'))
const store = openStore(path.join(dir, 'lotan.sqlite'), {
  slots: 4,
  label: (tag) => tag,
  log: pino({ level: 'silent' }),
})
after(() => {
  store.close()
  fs.rmSync(dir, { recursive: true })
})

const all = { q: '', descending: false, after: undefined, most: Infinity, suits: () => true }
const offer = (tags: Iterable<string>) =>
  store.offer(
    '',
    Array.from(tags, (tag) => ({ tag, digest: null })),
  )
const tagsOf = (rows: { tag: string }[]) => rows.map(({ tag }) => tag)

test('the tags that are wanted come by name', () => {
  store.offer('', [
    { tag: 'pr-1', digest: 'sha256:c0ffee' },
    { tag: 'PR-2', digest: null },
    { tag: 'chart', digest: null },
    { tag: '_main', digest: null },
  ])
  store.noteUnfit('chart', 'sha256:chart', true)
  assert.deepEqual(store.offeredFrom('', all), store.offered(''))
  assert.deepEqual(tagsOf(store.offeredFrom('', { ...all, descending: true })), ['pr-1', '_main', 'PR-2'])
  assert.deepEqual(tagsOf(store.offeredFrom('', { ...all, q: 'pr-' })), ['PR-2', 'pr-1'])
  assert.deepEqual(tagsOf(store.offeredFrom('', { ...all, q: 'ffee' })), ['pr-1'])
  assert.deepEqual(tagsOf(store.offeredFrom('', { ...all, suits: (tag) => tag !== 'PR-2', most: 1 })), ['_main'])
  assert.deepEqual(tagsOf(store.offeredFrom('', { ...all, among: ['pr-1', 'none', 'chart'] })), ['pr-1'])
  assert.deepEqual(store.offeredFrom('', { ...all, among: [] }), [])
  assert.deepEqual(store.offeredFrom('api', all), [])
})

test('pages neither skip nor repeat a tag that stays, while the registry’s list changes between them', () => {
  const tag = fc.constantFrom(...'abcdefghij', 'A', '_x', '1.9')
  const list = fc.uniqueArray(tag, { maxLength: 13 })
  fc.assert(
    fc.property(fc.array(list, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.integer({ min: 1, max: 4 }), (lists, descending, most) => {
      let stays = new Set(lists[0])
      offer(lists[0]!)
      const shown: string[] = []
      for (let pages = 1; ; pages++) {
        const page = store.offeredFrom('', { ...all, descending, most, after: shown.at(-1) })
        shown.push(...tagsOf(page))
        if (page.length < most) break
        const next = lists[pages]
        if (!next) continue
        offer(next)
        stays = new Set(next.filter((tag) => stays.has(tag)))
      }
      assert.equal(new Set(shown).size, shown.length)
      const whole = [...stays].sort()
      assert.deepEqual(shown.filter((each) => stays.has(each)), descending ? whole.reverse() : whole)
    }),
  ) // prettier-ignore
})
