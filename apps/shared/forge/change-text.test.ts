import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../testing/arbitraries/texts.ts'
import { behindText, changeName, changeUrl, oneLine } from './change-text.ts'

test('a title is one line, and turns nothing round', () => {
  const table: [text: string, most: number, line: string][] = [
    ['Change the banner', 40, 'Change the banner'],
    ['  a\r\n\tb\u2028c\0d ', 40, 'a b c d'],
    ['safe \u202etxt.exe\u2066\u200f', 40, 'safe txt.exe'],
    ['שלום', 40, 'שלום'],
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['👩‍💻👩‍💻👩‍💻', 9, '👩‍💻👩‍💻👩‍💻'],
    ['👩‍💻👩‍💻👩‍💻', 2, '👩‍💻…'],
    [`a${'\u0301'.repeat(5_000)}`, 10, '…'],
    ['\ud800', 10, '\ufffd'],
  ]
  for (const [text, most, line] of table) assert.equal(oneLine(text, most), line, JSON.stringify(text.slice(0, 20)))
})

test('of any text a line is short, well-formed, and has nothing that steers', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, most) => {
      const line = oneLine(text, most)
      assert.ok(line.isWellFormed())
      assert.doesNotMatch(line, /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u)
      assert.ok([...new Intl.Segmenter('en').segment(line)].length <= most && line.length <= 4 * most + 1)
      assert.equal(oneLine(line, most), line)
    }),
  )
})

test('names, how far behind, and links', () => {
  assert.deepEqual([changeName({ number: 7 }, 'github'), changeName({ number: 7 }, 'gitlab')], ['#7', '!7'])
  assert.deepEqual([null, 0, 2].map(behindText), ['', '', '2 behind'])
  assert.equal(changeUrl({ url: 'https://git.example.com/pull/7' }), 'https://git.example.com/pull/7')
  for (const url of ['javascript:alert(1)', 'data:text/html,x', '', '/pull/7']) assert.equal(changeUrl({ url }), '')
})
