import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readUserName } from './user-name.ts'

test('a user’s name means a preview, a service of its stack, or the menu', () => {
  const preview = (shown: string, service: string | null = null) => ({ is: 'preview', shown, service })
  for (const [text, meant] of [
    ['pr-3001', preview('pr-3001')],
    ['pr-3001+db', preview('pr-3001', 'db')],
    ['api/pr-7', preview('api/pr-7')],
    ['api/pr-7+db', preview('api/pr-7', 'db')],
    ['pr-7--as-anna', preview('pr-7--as-anna')],
    ['api/pr-7--as-anna+db', preview('api/pr-7--as-anna', 'db')],
    ['1.9.5', preview('1.9.5')],
    ['menu', { is: 'menu' }],
    ['menu+app', preview('menu', 'app')],
    ['api/menu', preview('api/menu')],
  ] as const)
    assert.deepEqual(readUserName(text), meant, text)
  for (const text of [
    '',
    '-x',
    'pr 7',
    'pr-7+',
    'pr-7+DB',
    'a/b/c',
    '/pr-7',
    'API/pr-7',
    'pr-7~anna',
    'pr-7\n',
    'x'.repeat(200),
  ])
    // prettier-ignore
    assert.equal(readUserName(text), undefined, text)
})

test('nothing else comes through it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const read = readUserName(text)
      if (read?.is === 'preview') assert.match(`${read.shown}+${read.service ?? 'x'}`, /^[A-Za-z0-9_./-]+\+[a-z0-9]+$/)
    }),
  )
})
