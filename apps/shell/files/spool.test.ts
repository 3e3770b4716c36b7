import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import tar, { type Header } from 'tar-stream'
import { NoEntry } from '../no-entry.ts'
import { spool } from './spool.ts'

type Told = Partial<Header> & Pick<Header, 'name'>

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-spool-'))
after(() => fs.rmSync(dir, { recursive: true }))

async function tarOf(entries: [Told, string?][]): Promise<Buffer> {
  const pack = tar.pack()
  for (const [header, text] of entries) pack.entry(header, text as string)
  pack.finalize()
  return buffer(pack)
}

async function refused(upload: Buffer, room?: () => Promise<number>): Promise<NoEntry> {
  const error = await spool(Readable.from([upload]), dir, { room }).then(
    () => assert.fail('it was taken'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof NoEntry, String(error))
  return error
}

test('what is kept has the same files under the same names, long ones and those in UTF-8 too', async () => {
  const long = `${'long/'.repeat(40)}ünd\n${'e'.repeat(200)}`
  const sent = await tarOf([
    [{ name: './', type: 'directory' }],
    [{ name: './a b/', type: 'directory', mode: 0o700 }],
    [{ name: 'a b//c', mode: 0o4755, mtime: new Date(86_400_000) }, 'x'.repeat(700)],
    [{ name: long }, 'deep'],
    [{ name: 'empty' }, ''],
  ])
  const kept = await spool(Readable.from([sent]), dir)
  const found: unknown[] = []
  const entries = tar.extract()
  kept.read().pipe(entries)
  for await (const entry of entries) {
    const { name, mode, mtime, type, pax } = entry.header
    assert.equal(pax, null)
    found.push([name, type, mode, mtime?.getTime(), (await buffer(entry)).length])
  }
  const now = (found[0] as number[])[3]
  assert.deepEqual(found, [
    ['a b/', 'directory', 0o700, now, 0],
    ['a b/c', 'file', 0o755, 86_400_000, 700],
    [long, 'file', 0o644, now, 4],
    ['empty', 'file', 0o644, now, 0],
  ])
  await kept.close()
  assert.deepEqual(fs.readdirSync(dir), [])
})

test('a tar is refused whole for one entry, which may come last or be hidden in a long name', async () => {
  const good: [Told, string] = [{ name: 'good' }, 'good']
  const cases: [Told, RegExp][] = [
    [{ name: 'a/../../b' }, /^"a\/\.\.\/\.\.\/b" leads upwards.*Nothing was written\.$/],
    [{ name: 'l', type: 'symlink', linkname: '/etc' }, /^"l" is a link/],
    [{ name: 'l', type: 'link', linkname: 'good' }, /^"l" is a link/],
    [{ name: 'd', type: 'character-device' }, /character-device/],
    [{ name: `../${'ü'.repeat(120)}` }, /leads upwards/],
    [{ name: 'fine', pax: { path: '/etc/passwd' } }, /^"\/etc\/passwd" begins with a slash/],
  ]
  for (const [header, why] of cases) {
    const error = await refused(await tarOf([good, [header, header.type ? undefined : ''], good]))
    assert.equal(error.problem, 'bad-body')
    assert.match(error.message, why)
  }
})

test('what is cut off, no tar, or too much for the disk is refused', async () => {
  const whole = await tarOf([[{ name: 'a' }, 'x'.repeat(5_000)]])
  assert.match((await refused(whole.subarray(0, 3_000))).message, /cut off|can be read/)
  assert.match((await refused(Buffer.from('x'.repeat(2_000)))).message, /no tar that can be read/)
  const upload = Readable.from([whole.subarray(0, 1_024)])
  upload.once('end', () => upload.destroy(new Error('gone')))
  await assert.rejects(spool(upload, dir), NoEntry)
  const error = await refused(whole, () => Promise.resolve(200_000_000))
  assert.deepEqual([error.problem, error.message], ['no-room', 'The disk has 200 MB left, which is not enough for more than 0 B of this.']) // prettier-ignore
  assert.deepEqual(fs.readdirSync(dir), [])
})
