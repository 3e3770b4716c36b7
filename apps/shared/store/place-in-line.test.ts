/** The database counts who starts before a preview by the order of start-queue.ts, in SQL. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { openLog } from '../log.ts'
import { aheadOf, EARLY_MS, LONGEST_MS } from '../preview/start-queue.ts'
import { openStore } from './store.ts'

const now = 1_800_000_000_000
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-line-'))
const file = path.join(dir, 'lotan.sqlite')
const store = openStore(file, { slots: 5, label: (tag) => tag, log: openLog('test', 'silent') })
after(() => {
  store.close()
  fs.rmSync(dir, { recursive: true })
})

test('a place in line is the same by the database as by the rule', () => {
  const ends = [now - 1, now, now + 1, now + LONGEST_MS, now + LONGEST_MS + 1]
  const waiter = fc.option(fc.record({ who: fc.constantFrom('person', 'program'), until: fc.constantFrom(...ends) }))
  const rests = fc.constantFrom(0, now, now + EARLY_MS, now + EARLY_MS + 1, now + LONGEST_MS, now + LONGEST_MS + 1)
  fc.assert(
    fc.property(fc.array(fc.tuple(waiter, fc.nat(2), rests), { maxLength: 6 }), (line) => {
      const raw = new Database(file)
      for (const [i, [who, since, notBefore]] of line.entries()) {
        store.apply(`t${i}`, { type: 'start', by: 'api' }, now)
        raw
          .prepare('UPDATE preview SET waiter = ?, since = ?, not_before = ? WHERE tag = ?')
          .run(who && JSON.stringify(who), now + since, notBefore, `t${i}`)
      }
      raw.prepare('DELETE FROM preview WHERE CAST(substr(tag, 2) AS INTEGER) >= ?').run(line.length)
      raw.close()
      const previews = store.list()
      assert.equal(previews.length, line.length)
      for (const preview of previews) assert.equal(store.ahead(preview, now), aheadOf(preview, previews, now))
    }),
    { numRuns: 60 },
  )
})
