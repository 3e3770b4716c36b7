import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEscape } from './escape.ts'

test('~. at the begin of a line leaves, however the keys come; all else goes on', () => {
  const table: [typed: string[], sent: string, leaves: boolean][] = [
    [['~.'], '', true],
    [['ls\r~', '.rest'], 'ls\r', true],
    [['ls\n', '~', '.'], 'ls\n', true],
    [['a~.'], 'a~.', false],
    [['~~.\r'], '~.\r', false],
    [['~a~.', '\r', '~/x'], '~a~.\r~/x', false],
    [['~\r~.'], '~\r', true],
    [['~'], '', false],
  ]
  for (const [typed, sent, leaves] of table) {
    const escape = openEscape()
    const all = typed.map((piece) => escape(Buffer.from(piece)))
    assert.deepEqual(
      [Buffer.concat(all.map(({ send }) => send)).toString(), all.some((one) => one.leaves)],
      [sent, leaves],
      JSON.stringify(typed),
    )
  }
})
