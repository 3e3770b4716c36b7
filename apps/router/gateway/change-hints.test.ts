import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagTemplateOf } from '../../shared/forge/tag-templates.ts'
import type { Hint } from '../../shared/store/store.ts'
import { openChangeHints } from './change-hints.ts'
import type { Decision } from './decide.ts'

const unknown: Decision = { do: 'refuse', why: 'barred', standing: { is: 'asks', change: null } }

function openHints(templates = ['pr-{number}', '{sha7}']) {
  let now = 1_000_000
  const noted: Hint[] = []
  const config = { forge: { templates: templates.map((text) => tagTemplateOf(text)!) } }
  const store = { hints: { note: (_: null | string, hints: readonly Hint[]) => noted.push(...hints) > 0 } }
  const hintAt = openChangeHints({ config, store }, () => now)
  return {
    subjects: () => noted.splice(0).map(({ kind, repository, subject }) => [kind, repository, subject].join()),
    hintAt,
    pass: (ms: number) => void (now += ms),
  }
}

test('a visitor of what is not known yet lets its change be looked for, once in 10 s', () => {
  const { hintAt, subjects, pass } = openHints()
  hintAt('pr-7', unknown)
  hintAt('pr-7', unknown)
  hintAt('api/pr-7', unknown)
  assert.deepEqual(subjects(), ['change,,7', 'change,api,7'])
  pass(9_999)
  hintAt('pr-7', unknown)
  assert.deepEqual(subjects(), [])
  pass(1)
  hintAt('pr-7', unknown)
  assert.deepEqual(subjects(), ['change,,7'])
})

test('not where its number is not in the tag, nor of what is known, or may run', () => {
  const { hintAt, subjects } = openHints()
  hintAt('0a1b2c3', unknown)
  hintAt(null, unknown)
  hintAt('pr-7', { do: 'refuse', why: 'robot' })
  const change = { number: 7 } as never
  hintAt('pr-7', { do: 'refuse', why: 'barred', standing: { is: 'asks', change } })
  assert.deepEqual(subjects(), [])
})

test('made-up tags lead to 20 hints at once, and to two a second after that', () => {
  const { hintAt, subjects, pass } = openHints()
  const many = (from: number) => {
    for (let number = from; number < from + 1_000; number++) hintAt(`pr-${number}`, unknown)
    return subjects().length
  }
  assert.equal(many(1), 20)
  pass(500)
  assert.equal(many(2_000), 1)
  pass(3_600_000)
  assert.equal(many(4_000), 20)
})
