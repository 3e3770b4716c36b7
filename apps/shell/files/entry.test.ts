import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainName, whyRefused } from './entry.ts'

test('files and folders below the folder are let through, and nothing else', () => {
  const cases: [name: string, type: string | null, why: RegExp | undefined][] = [
    ['a', 'file', undefined],
    ['./a/b c/ü', 'file', undefined],
    ['a/..b/b../...', 'file', undefined],
    ['a/', 'directory', undefined],
    ['./', 'directory', undefined],
    ['a', 'contiguous-file', undefined],
    ['..', 'directory', /^"\.\." leads upwards/],
    ['a/../b', 'file', /^"a\/\.\.\/b" leads upwards/],
    ['../b', 'file', /leads upwards/],
    ['a/..', 'directory', /leads upwards/],
    ['/etc/passwd', 'file', /^"\/etc\/passwd" begins with a slash/],
    ['//a', 'file', /begins with a slash/],
    ['a', 'link', /^"a" is a link/],
    ['a', 'symlink', /^"a" is a link/],
    ['a', 'character-device', /^"a" is a character-device\. Only files and folders/],
    ['a', 'block-device', /block-device/],
    ['a', 'fifo', /fifo/],
    ['a', null, /of an unknown kind/],
    ['a\0b', 'file', /zero byte/],
    ['.', 'file', /without a name/],
    ['', 'file', /without a name/],
    ['a/', 'file', /ends with a slash/],
    ['x'.repeat(255), 'file', undefined],
    ['x'.repeat(256), 'file', /longer than 255 bytes/],
    ['xy/'.repeat(1_280) + 'a', 'file', /longer than 3839 bytes/],
    ['\x1b[2J/..', 'file', /^"\\u001b\[2J\/\.\." leads upwards/],
  ]
  for (const [name, type, why] of cases) {
    const told = whyRefused({ name, type, size: 0 })
    if (why) assert.match(told ?? 'let through', why, JSON.stringify(name).slice(0, 100))
    else assert.equal(told, undefined, JSON.stringify(name).slice(0, 100))
  }
  assert.match(whyRefused({ name: 'a', type: 'directory', size: 1 })!, /content of its own/)
})

test('no entry that is let through is outside of the folder, or the folder itself', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', '...', ' ..', '..\n', 'a..'), fc.string({ maxLength: 6 }))
  const name = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/'))
  const type = fc.constantFrom('file', 'directory', 'link', 'symlink', 'fifo', null)
  let through = 0
  fc.assert(
    fc.property(name, type, (name, type) => {
      if (whyRefused({ name, type, size: 0 })) return
      through++
      assert.ok(type === 'file' || type === 'directory')
      const at = path.posix.resolve('/folder', name)
      assert.equal(at, path.posix.join('/folder', plainName(name)))
      assert.ok(at.startsWith('/folder/') || (type === 'directory' && at === '/folder'), at)
    }),
    { numRuns: 2_000 },
  )
  assert.ok(through > 100, `${through} were let through`)
})
