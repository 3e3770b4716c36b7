import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startErrorWords } from './start-error.ts'

test('a start that fails at the database’s file says what to do', () => {
  const words = (code: string | undefined, message: string) =>
    startErrorWords(Object.assign(new Error(message), { code }), '/data/lotan.sqlite')
  assert.match(
    words('SQLITE_READONLY', 'attempt to write a readonly database'),
    /lotan\.sqlite cannot be written: make it/,
  )
  assert.match(words('SQLITE_READONLY_DBMOVED', 'x'), /writable for the user that runs Lotan \(x\)$/)
  assert.match(words('SQLITE_FULL', 'database or disk is full'), /make room on its disk/)
  assert.match(words('SQLITE_BUSY', 'database is locked'), /locked by another program/)
  assert.match(words('SQLITE_IOERR_WRITE', 'disk I/O error'), /dmesg/)
  assert.equal(words(undefined, 'nginx has ended'), 'nginx has ended')
})
