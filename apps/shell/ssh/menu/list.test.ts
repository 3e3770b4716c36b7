import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keysIn } from './keys.ts'
import { HELP, keepChosen, linesOf, press, shownOf, type Does, type Menu } from './list.ts'

const rows = ['api/pr-7', 'main', 'pr-3001', 'pr-3002', 'pr-3002--as-anna'].map((name) => ({ name, state: 'running', visited: '5 min ago' })) // prettier-ignore

function type(bytes: string): { menu: Menu; does: Does } {
  let menu: Menu = { typed: '', chosen: 0 }
  let does: Does = { is: 'nothing' }
  for (const key of keysIn(Buffer.from(bytes))) ({ menu, does } = press(menu, key, rows))
  return { menu, does }
}

test('what is typed narrows the list, and Enter goes into the row that is chosen', () => {
  for (const [bytes, name] of [
    ['\r', 'api/pr-7'],
    ['\x1b[B\r', 'main'],
    ['\x1bOB\x1bOB\x1b[A\r', 'main'],
    ['\x1b[F\r', 'pr-3002--as-anna'],
    ['main\r', 'main'],
    ['MAI\r', 'main'],
    ['pr-3002\r', 'pr-3002'],
    ['anna\r', 'pr-3002--as-anna'],
    // The number of a row goes before what only has it in its name.
    ['3\r', 'pr-3001'],
    ['3002\r', 'pr-3002'],
    ['main+db\r', 'main+db'],
    ['x\x7fmain\r', 'main'],
    ['xyz\x15main\r', 'main'],
    ['pr-9\r', 'pr-9'],
  ] as const)
    assert.deepEqual(type(bytes).does, { is: 'enter', name }, JSON.stringify(bytes))
  for (const bytes of ['\x03', '\x04', 'pr\x03']) assert.deepEqual(type(bytes).does, { is: 'leave' })
})

test('Tab completes as far as those that begin so are alike', () => {
  for (const [bytes, typed] of [
    ['pr\t', 'pr-300'],
    ['pr-3002-\t', 'pr-3002--as-anna'],
    ['m\t', 'main'],
    ['ann\t', 'pr-3002--as-anna'],
    ['zzz\t', 'zzz'],
    ['\t', ''],
  ] as const)
    assert.equal(type(bytes).menu.typed, typed, JSON.stringify(bytes))
})

test('the row that is chosen stays it when others come before it', () => {
  const menu = { typed: '', chosen: 2 }
  const more = [{ name: 'a', state: 'queued', visited: 'never visited' }, ...rows]
  assert.equal(shownOf(more, '')[keepChosen(menu, rows, more).chosen]?.name, 'pr-3001')
  assert.deepEqual(keepChosen({ typed: '', chosen: 4 }, rows, rows.slice(0, 2)), { typed: '', chosen: 1 })
})

test('its lines', () => {
  assert.deepEqual(linesOf({ typed: 'pr-3', chosen: 1 }, rows, { columns: 80, rows: 24 }), [
    HELP.slice(0, 79),
    '  3  pr-3001           running  5 min ago',
    '> 4  pr-3002           running  5 min ago',
    '  5  pr-3002--as-anna  running  5 min ago',
    'Preview: pr-3',
  ])
  assert.deepEqual(linesOf({ typed: '', chosen: 4 }, rows, { columns: 30, rows: 6 }).slice(1), [
    '  3  pr-3001           runnin',
    '  4  pr-3002           runnin',
    '> 5  pr-3002--as-anna  runnin',
    '  5 in all',
    'Preview: ',
  ])
  assert.deepEqual(linesOf({ typed: 'x', chosen: 0 }, rows, { columns: 80, rows: 24 }).slice(1, -1), ['  None of these: Enter starts the tag of this name.']) // prettier-ignore
})

test('whatever is pressed, it fits into the terminal, and steers it by nothing that was typed', () => {
  const size = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 40 }) })
  const pressed = fc.array(fc.oneof(fc.constantFrom('constructor', '\x1b[A', '\x1b[B', '\t', '\x7f', 'pr', '3', '+'), fc.string({ unit: 'binary' }))) // prettier-ignore
  fc.assert(
    fc.property(pressed, size, (parts, terminal) => {
      let menu: Menu = { typed: '', chosen: 0 }
      for (const part of parts) for (const key of keysIn(Buffer.from(part))) ({ menu } = press(menu, key, rows))
      const lines = linesOf(menu, rows, terminal)
      assert.ok(lines.length <= Math.max(4, terminal.rows))
      for (const line of lines) assert.match(line, /^[\x20-\x7e]*$/)
      for (const line of lines) assert.ok(line.length < Math.max(2, terminal.columns))
      assert.ok(menu.chosen >= 0 && menu.chosen < Math.max(1, shownOf(rows, menu.typed).length))
    }),
  )
})
