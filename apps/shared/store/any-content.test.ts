/** A database whose texts are not what this version writes: another version's, or changed by hand. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { answers } from '../../testing/arbitraries/json.ts'
import { anyText, nearTags } from '../../testing/arbitraries/texts.ts'
import { openLog } from '../log.ts'
import { slotSchemeIn } from '../slots/slot-scheme.ts'
import { openStore } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-any-content-'))
const file = path.join(dir, 'lotan.sqlite')
const store = openStore(file, { slots: 5, label: (id) => id, log: openLog('test', 'silent') })
const other = new Database(file)
after(() => {
  other.close()
  store.close()
  fs.rmSync(dir, { recursive: true })
})

const write = other.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
const isTimes = (value: unknown) => Array.isArray(value) && value.every((ms) => Number.isFinite(ms))

/** By the key of its row: what this version writes there, and what holds of what is read. */
const facts: Record<string, [written: unknown, holds: () => boolean]> = {
  lately: [{ pullRate: [5], start: [7] }, () => isTimes(store.lately().pullRate) && isTimes(store.lately().start)],
  slot_ports: [[20_000, 20_001], () => (store.facts.get('slotPorts') ?? []).every((port) => Number.isInteger(port))],
  unpacked: [[1.5, 2], () => isTimes(store.facts.get('unpacked') ?? [])],
  first_processes: [['sha256:1'], () => (store.facts.get('firstProcesses') ?? []).every((id) => typeof id === 'string')],
  written: [{ bytes: 1 }, () => typeof store.written() === 'object' && store.written() !== null],
  last_slot: [3, () => store.facts.get('lastSlot') === undefined || Number.isFinite(store.facts.get('lastSlot'))],
  pool_port: [80, () => store.facts.get('poolPort') === undefined || Number.isFinite(store.facts.get('poolPort'))],
} // prettier-ignore

test('a fact that cannot be read has not been found out', () => {
  const changed = fc
    .constantFrom(...Object.keys(facts))
    .chain((key) => fc.tuple(fc.constant(key), fc.oneof(answers(facts[key]![0]), anyText)))
  fc.assert(
    fc.property(changed, ([key, text]) => {
      write.run(key, text)
      assert.ok(facts[key]![1](), `${key} = ${text}`)
      store.facts.set('slotKind', 'port')
      const scheme = slotSchemeIn(store.facts)
      assert.ok(scheme?.kind === 'port' && Array.isArray(scheme.ports))
    }),
    {
      numRuns: 300,
      examples: [[['lately', '{']], [['lately', '{"pullRate":null}']], [['last_slot', 'x']], [['slot_ports', '["a"]']]],
    },
  )
  // What is noted next is kept.
  for (const [key, [written]] of Object.entries(facts)) write.run(key, JSON.stringify(written))
  assert.deepEqual(store.lately(), { pullRate: [5], start: [7] })
})

test('of any text that is no preview’s, and any host’s label, nothing is known', () => {
  fc.assert(
    fc.property(fc.oneof(nearTags, anyText), (text) => {
      assert.equal(store.get(text), undefined)
      assert.equal(store.missing(text, 0), undefined)
      assert.equal(store.previewAt(text) ?? undefined, undefined)
      assert.equal(store.lastGeneration(text), null)
      assert.deepEqual(store.history(text), [])
      assert.equal(store.isOffered(text), false)
      assert.equal(store.apply(text, { type: 'stop', why: 'asked' }), undefined)
    }),
    { numRuns: 100 },
  )
  assert.deepEqual(store.list(), [])
})

test('a list of any texts that is offered comes back whole, and goes when it is offered no more', () => {
  fc.assert(
    fc.property(fc.uniqueArray(nearTags.filter((text) => text.isWellFormed() && !text.includes('\0')), { maxLength: 20 }), (tags) => {
      store.offer('', tags.map((tag) => ({ tag, digest: null })))
      assert.deepEqual(store.offered('').map(({ tag }) => tag).sort(), tags.toSorted())
    }),
    { numRuns: 50 },
  )
}) // prettier-ignore
