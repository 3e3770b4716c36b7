import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openLog } from '../log.ts'
import type { Hint } from './hints.ts'
import { openStore } from './store.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-hints-'))
after(() => fs.rmSync(dir, { recursive: true }))
const log = openLog('test', 'silent')
let files = 0
const open = () => openStore(path.join(dir, `${++files}.sqlite`), { slots: 5, label: (id) => id, log }).hints

const push = (tag: string, at = 1): Hint => ({ kind: 'push', repository: '', subject: tag, at })

test('a delivery counts once, and a hint stays until somebody has looked since', () => {
  const hints = open()
  assert.equal(hints.note('one', [push('pr-1', 1)], 1), true)
  assert.equal(hints.note('one', [push('pr-2', 2)], 2), false)
  assert.equal(hints.note(null, [push('pr-1', 3)], 3), true)
  const [seen] = hints.list('push')
  assert.deepEqual(hints.list('push'), [push('pr-1', 3)])
  hints.note(null, [push('pr-1', 4)], 4)
  hints.done(seen!)
  assert.deepEqual(hints.list('push'), [push('pr-1', 4)])
  hints.done(push('pr-1', 4))
  assert.deepEqual(hints.list('push'), [])
})

test('kinds and repositories are told apart, the oldest is first', () => {
  const hints = open()
  hints.note(null, [push('7', 3), { ...push('7', 2), kind: 'change' }, { ...push('7', 1), repository: 'api' }], 1)
  assert.deepEqual(hints.list('push').map(({ repository }) => repository), ['api', '']) // prettier-ignore
  assert.equal(hints.list('change').length, 1)
})

test('however many come, a bounded number is kept, and what is known is heard on', () => {
  const hints = open()
  hints.note(null, [push('known', 1)], 1)
  hints.note(null, Array.from({ length: 3_000 }, (_, i) => push(`pr-${i}`, 2)), 2) // prettier-ignore
  hints.note(null, [push('known', 3)], 3)
  const kept = hints.list('push')
  assert.equal(kept.length, 2_000)
  assert.deepEqual(kept.find(({ subject }) => subject === 'known'), push('known', 3)) // prettier-ignore
})
