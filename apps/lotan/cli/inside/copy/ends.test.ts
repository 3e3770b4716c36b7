import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { folderOf, isContentOf, lastOf, readEnd } from './ends.ts'
import { meantBy } from './entry.ts'

test('TAG:PATH is there, - is a tar, and all else is here', () => {
  const table: [text: string, shown: string | RegExp][] = [
    ['-', 'tar'],
    ['file', 'here file'],
    ['./a:b', 'here ./a:b'],
    ['/a:b', 'here /a:b'],
    ['pr-7:/srv/x', 'pr-7 null /srv/x false false'],
    ['api/pr-7+db:srv/', 'api/pr-7 db /srv true false'],
    ['pr-7:/srv/.', 'pr-7 null /srv true true'],
    ['pr-7:.', 'pr-7 null / true true'],
    ['pr-7:/a/../../b//c', 'pr-7 null /b/c false false'],
    ['pr-7:/a:b', 'pr-7 null /a:b false false'],
    ['pr-7:', /names no path/],
    ['', /is empty/],
    ['pr-7+:/x', /'' is no name of a service/],
  ]
  for (const [text, shown] of table) {
    const end = readEnd(text)
    if ('why' in end) assert.match(end.why, shown as RegExp)
    else if (end.kind === 'there') assert.equal([end.place.id, end.place.service, end.path, end.isFolder, end.isContent].map(String).join(' '), shown) // prettier-ignore
    else assert.equal(end.kind === 'tar' ? 'tar' : `here ${end.path}`, shown)
  }
  assert.deepEqual(['/a/b', '/a', '/'].map((path) => [folderOf(path), lastOf(path)]), [['/a', 'b'], ['/', 'a'], ['/', '']])
  assert.deepEqual(['.', 'a/.', 'a.', './a', '..'].map(isContentOf), [true, true, false, false, false])
}) // prettier-ignore

test('an entry is a file or a folder below its folder, a link that is skipped, or refused', () => {
  const table: [name: string, type: string | null, strip: 0 | 1, meant: string | RegExp][] = [
    ['./in/', 'directory', 1, 'folder '],
    ['./in/a/b', 'file', 1, 'file a/b'],
    ['./a/b', 'contiguous-file', 0, 'file a/b'],
    ['in/l', 'symlink', 1, 'skip'],
    ['in/l', 'link', 1, 'skip'],
    ['in/../../x', 'file', 1, /leads upwards/],
    ['../x', 'symlink', 1, /leads upwards/],
    ['/etc/x', 'file', 1, /begins with a slash/],
    ['a\0b', 'file', 1, /zero byte/],
    ['in/d', 'character-device', 1, /a character-device/],
    ['in/d', null, 1, /unknown kind/],
  ]
  for (const [name, type, strip, expected] of table) {
    const meant = meantBy({ name, type }, strip)
    if (meant.does === 'refuse') assert.match(meant.why, expected as RegExp)
    else assert.equal(meant.does === 'skip' ? 'skip' : `${meant.does} ${meant.parts.join('/')}`, expected)
  }
  const part = fc.oneof(fc.constantFrom('..', '.', '', ' ..', '..\n'), fc.string({ maxLength: 5 }))
  fc.assert(
    fc.property(fc.array(part), fc.constantFrom('file', 'directory'), (parts, type) => {
      const meant = meantBy({ name: parts.join('/'), type }, 0)
      if (!('parts' in meant)) return
      for (const one of meant.parts) assert.ok(one !== '' && one !== '.' && one !== '..' && !/[/\0]/.test(one))
    }),
  )
})
