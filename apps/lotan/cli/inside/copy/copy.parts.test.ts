/** `lotan cp` as a program, against a server whose files are on this machine. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import type http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import tar, { type Pack } from 'tar-stream'
import { surroundings } from '../../../../testing/harness/surroundings.ts'
import { openFarEnd, type FarEnd } from '../harness.ts'

const main = path.resolve(import.meta.dirname, '../../../main.ts')
let far: FarEnd
let home: string
/** What a preview would have below `/`, and what this machine has. */
let there: string
let here: string
before(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-cp-'))
  for (const name of ['there', 'here']) fs.mkdirSync(path.join(home, name))
  there = path.join(home, 'there')
  here = path.join(home, 'here')
  far = await openFarEnd()
  far.answer = (req, res) => void serve(req, res).catch(() => res.destroy())
})
after(async () => {
  await far.close()
  fs.rmSync(home, { recursive: true })
})

const asked: string[] = []
async function serve(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(req.url!, 'http://here')
  if (!pathname.endsWith('/files')) return void res.end(JSON.stringify({ tag: 'red', state: 'running', url: 'http://red.test' })) // prettier-ignore
  const at = searchParams.get('path')!
  asked.push(`${req.method} ${pathname.slice('/api/v1/previews/'.length)} ${searchParams.get('service')} ${at}`)
  const file = path.join(there, at)
  // As nginx does, it reads on.
  const refuse = async (status: number, type: string, detail: string) => {
    await buffer(req)
    res
      .writeHead(status)
      .end(JSON.stringify({ type: `http://x/problems/${type}`, title: type, status, detail, tag: 'red' }))
  }
  if (!fs.existsSync(file)) return refuse(404, 'no-such-file', `There is no ${at} in this container.`)
  if (req.method === 'PUT') {
    if (!fs.statSync(file).isDirectory()) return refuse(400, 'bad-parameter', `${at} is no folder.`)
    if (at.startsWith('/locked')) return refuse(409, 'file-refused', 'the application’s user may not write there.')
    const child = spawn('tar', ['-xC', file], { stdio: ['pipe', 'ignore', 'inherit'] })
    await pipeline(req, child.stdin)
    if (child.exitCode === null) await once(child, 'close')
    return void res.writeHead(204).end()
  }
  res.writeHead(200, { 'Content-Type': 'application/x-tar' })
  const child = spawn('tar', ['-cC', path.dirname(file), `./${at === '/' ? '' : path.basename(file)}`])
  await pipeline(child.stdout, res)
}

async function cp(from: string, to: string, input?: Buffer) {
  const env = { ...surroundings, LOTAN_API: far.api.base, LOTAN_ADMIN_TOKEN: far.api.token }
  const child = spawn(process.execPath, [main, 'cp', from, to], { env, cwd: here })
  child.stdin.end(input)
  const ended = once(child, 'close') as Promise<[number]>
  const [out, err] = await Promise.all([text(child.stdout.setEncoding('latin1')), text(child.stderr)])
  return { status: (await ended)[0], out, err }
}
const write = (base: string, name: string, content: string | Buffer, mode = 0o644) => {
  fs.mkdirSync(path.dirname(path.join(base, name)), { recursive: true })
  fs.writeFileSync(path.join(base, name), content, { mode })
}
const filesOf = (base: string) =>
  execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %y %m\n'], { cwd: base, encoding: 'utf8' }).trim().split('\n').toSorted() // prettier-ignore

test('both ways as docker cp: what is there decides the name', async () => {
  const big = randomBytes(20_000_000)
  write(here, 'src/big', big)
  write(here, 'src/bin/tool', '#!/bin/sh\n', 0o755)
  write(here, 'src/empty', '')
  fs.symlinkSync('/etc/passwd', path.join(here, 'src/link'))
  fs.symlinkSync('src', path.join(here, 'way'))
  fs.mkdirSync(path.join(there, 'srv'))
  fs.mkdirSync(path.join(there, 'locked'))

  const first = await cp('src', 'red+db:/srv')
  assert.deepEqual([first.status, first.out], [0, ''], first.err)
  assert.equal(first.err, 'lotan: src/link is left out: it is a link\nlotan: 3 files copied, 20 MB\n')
  assert.deepEqual(filesOf(path.join(there, 'srv')), ['src d 755', 'src/big f 644', 'src/bin d 755', 'src/bin/tool f 755', 'src/empty f 644']) // prettier-ignore
  assert.ok(fs.readFileSync(path.join(there, 'srv/src/big')).equals(big))
  assert.deepEqual(asked.slice(-2), ['GET red/files db /srv', 'PUT red/files db /srv'])

  const table: [from: string, to: string, file: string][] = [
    ['src', 'red:/srv/new', 'srv/new/bin/tool'],
    ['src/.', 'red:/srv/new/inner/', 'srv/new/inner/bin/tool'],
    ['src/.', 'red:/srv', 'srv/bin/tool'],
    ['way', 'red:/', 'way/bin/tool'],
    ['src/bin/tool', 'red:/srv/', 'srv/tool'],
    ['src/bin/tool', 'red:/srv/renamed', 'srv/renamed'],
    ['src/empty', 'red:/srv/renamed', 'srv/renamed'],
  ]
  for (const [from, to, file] of table) {
    const { status, err } = await cp(from, to)
    assert.deepEqual([status, fs.existsSync(path.join(there, file))], [0, true], `${from} ${to}: ${err}`)
  }
  assert.equal(fs.readFileSync(path.join(there, 'srv/renamed'), 'utf8'), '')

  fs.symlinkSync('/etc/passwd', path.join(there, 'srv/src/link'))
  const back: [from: string, to: string, file: string][] = [
    ['red:/srv/src', '.', '../here/src/bin/tool'],
    ['red:/srv/src', 'got', 'got/bin/tool'],
    ['red:/srv/src/', 'got', 'got/src/bin/tool'],
    ['red:/srv/src/.', 'got/', 'got/bin/tool'],
    ['red:/srv/tool', 'got', 'got/tool'],
    ['red:/srv/tool', 'got/other', 'got/other'],
  ]
  for (const [from, to, file] of back) {
    const { status, err } = await cp(from, to)
    assert.deepEqual([status, fs.existsSync(path.join(here, file))], [0, true], `${from} ${to}: ${err}`)
    if (from.includes('src')) assert.match(err, /link is left out: it is a link\n/)
  }
  assert.ok(fs.readFileSync(path.join(here, 'got/big')).equals(big))
  assert.equal(fs.statSync(path.join(here, 'got/src/bin/tool')).mode & 0o777, 0o755)
  assert.equal(fs.lstatSync(path.join(here, 'got')).isDirectory(), true)
  assert.ok(!fs.existsSync(path.join(here, 'got/link')))

  const piped = await cp('red:/srv/src/bin', '-')
  const names = execFileSync('tar', ['-t'], { input: Buffer.from(piped.out, 'latin1'), encoding: 'utf8' })
  assert.equal(names, './bin/\n./bin/tool\n')
  fs.mkdirSync(path.join(there, 'tar'))
  assert.equal((await cp('-', 'red:/tar', Buffer.from(piped.out, 'latin1'))).status, 0)
  assert.ok(fs.existsSync(path.join(there, 'tar/bin/tool')))
})

test('what cannot be copied has a status and a line', async () => {
  write(here, 'file', 'x')
  write(there, 'file', 'x')
  fs.mkdirSync(path.join(there, 'folder'))
  const table: [from: string, to: string, status: number, line: RegExp][] = [
    ['red:/nowhere', '.', 9, /^lotan: red: There is no \/nowhere in this container\.$/m],
    ['file', 'red:/nowhere/', 9, /no \/nowhere in/],
    ['file', 'red:/nowhere/x', 9, /no \/nowhere in/],
    ['file', 'red:/locked', 2, /may not write there/],
    ['src', 'red:/file', 2, /\/file is a file there/],
    ['red:/folder', 'file', 2, /file is a file here/],
    ['red:/file', 'nowhere/', 2, /no folder nowhere\/ here/],
    ['red:/file', 'nowhere/x', 2, /there is no folder .*nowhere here/],
    ['missing', 'red:/', 2, /missing cannot be read/],
    ['red:/a', 'blue:/b', 2, /one of both is in a preview/],
    ['a', 'b', 2, /one of both is in a preview/],
  ]
  for (const [from, to, status, line] of table) {
    const ended = await cp(from, to)
    assert.deepEqual([ended.status, ended.out], [status, ''], `${from} ${to}: ${ended.err}`)
    assert.match(ended.err, line)
  }
})

test('a tar that lies writes nothing outside of its folder, nor through a link', async () => {
  const outside = path.join(home, 'outside')
  fs.mkdirSync(outside)
  fs.mkdirSync(path.join(here, 'trap/evil'), { recursive: true })
  fs.symlinkSync(outside, path.join(here, 'trap/evil/way'))
  fs.symlinkSync(path.join(outside, 'made'), path.join(here, 'trap/evil/file'))
  const table: [entries: Parameters<Pack['entry']>[0][], line: RegExp][] = [
    [[{ name: 'evil/', type: 'directory' }, { name: 'evil/../../../outside/x' }], /leads upwards/],
    [[{ name: `${outside}/x` }], /begins with a slash/],
    [[{ name: 'evil/way/x' }], /way cannot be made: something else than a folder is there/],
    [[{ name: 'evil/file' }], /something else than a file is there/],
    [[{ name: 'evil/out', type: 'symlink', linkname: outside }, { name: 'evil/out/x' }], /out is left out: it is a link/],
    [[{ name: 'evil/null', type: 'character-device' }], /it is a character-device/],
    [[{ name: 'evil/\u001b[2J/..' }], /^lotan: evil\/ \[2J\/\.\. is not written/],
  ]
  for (const [entries, line] of table) {
    far.answer = (req, res) => {
      if (!req.url!.includes('/files')) return void serve(req, res)
      const pack = tar.pack()
      for (const entry of entries) pack.entry(entry, ...(entry.type ? [] : ['evil']) as [string])
      pack.finalize()
      void pipeline(pack, res)
    }
    const { err, status } = await cp('red:/evil', 'trap')
    assert.match(err, line)
    assert.equal(status, line.source.includes('left out') ? 0 : 1, err)
    assert.deepEqual(fs.readdirSync(outside), [], err)
  }
}) // prettier-ignore
