import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { howOf, longName, readFacts, readList, textsOf } from './file-facts.ts'
import { escaped } from './file-loop.ts'
import { problemOf } from './file-problem.ts'

const said = '81a4 3 1234 1235 1000000000 1100000000 1'
const facts = readFacts(`${said}\n`)

test('a list has names of any bytes, between marks', () => {
  const names = ['a', 'a b', 'two\nlines', 'ends\n', '\n', ' ', 'marks- 1 2', 'ünd']
  const text = names.map((name) => `\nMARK- ${said} /folder/${name}\n`).join('')
  assert.deepEqual(
    readList(Buffer.from(text), 'MARK', '/folder/'),
    names.map((filename) => ({ filename, facts })),
  )
  assert.deepEqual(readList(Buffer.alloc(0), 'MARK', '/'), [])
})

test('a long name is as `ls -l` writes it', () => {
  assert.equal(longName('a b', facts), '-rw-r--r--   1 1234     1235              3 Nov 09 2004 11:33 a b')
  assert.match(longName('a', readFacts('41ed 0 0 0 0 0 2')), /^drwxr-xr-x {3}2 /)
})

test('a word is escaped so that it is one line and one word, and `printf %b` makes the same of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (word) => {
      const line = escaped(word)
      assert.match(line, /^([\w/.,:@+-]|\\0[0-3][0-7]{2})*$/)
      const bytes = line.replace(/\\0(...)/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
      assert.equal(Buffer.from(bytes, 'latin1').toString(), word)
    }),
  )
})

test('what a program says is told in SFTP’s words', () => {
  const cases: [said: string, status: string, sentence: string][] = [
    ["stat: can't stat '/a: b': No such file or directory\n", 'no-such-file', "can't stat '/a: b': No such file or directory"], // prettier-ignore
    ["sh: can't create /x: Permission denied", 'permission-denied', "can't create /x: Permission denied"],
    ["mkdir: can't create directory '/x': Read-only file system", 'permission-denied', "can't create directory '/x': Read-only file system"], // prettier-ignore
    ['dd: error writing: No space left on device', 'failure', 'error writing: No space left on device'],
    ["sh: can't create /tmp/x: nonexistent directory", 'no-such-file', "can't create /tmp/x: nonexistent directory"],
    ['File exists', 'failure', 'File exists'],
    ['', 'failure', 'It failed.'],
  ]
  for (const [said, status, sentence] of cases) {
    const problem = problemOf(said)
    assert.deepEqual([problem.status, problem.message], [status, sentence])
  }
})

test('what a client of SFTP asks for is read', () => {
  assert.equal(howOf(1), 'r')
  assert.equal(howOf(2 | 8 | 16), 'wct')
  assert.equal(howOf(1 | 4 | 8 | 32), 'rwcx')
  assert.equal(howOf(2 | 32), 'w')
  assert.equal(howOf(0), '-')
  assert.deepEqual(textsOf(Buffer.from('\0\0\0\x01a\0\0\0\x02bc\0\0')), ['a', 'bc'])
  assert.deepEqual(textsOf(undefined), [])
})
