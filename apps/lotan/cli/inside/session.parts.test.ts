/** `lotan exec`, `shell` and `run` as programs, against a server that speaks as Lotan does. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import tls from 'node:tls'
import { streams } from '../../../shared/shell/frames.ts'
import { makeAuthority } from '../../../testing/harness/certificate.ts'
import { surroundings } from '../../../testing/harness/surroundings.ts'
import { until } from '../../../testing/harness/until.ts'
import { openFarEnd, runHere, type FarEnd, type Visit } from './harness.ts'

const main = path.resolve(import.meta.dirname, '../../main.ts')
const children = new Set<ChildProcess>()
let far: FarEnd
before(async () => {
  far = await openFarEnd()
})
afterEach(() => (far.meet = (visit) => void runHere(visit)))
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await far.close()
})

function start(args: string[], program = [process.execPath, main], more: Record<string, string> = {}) {
  const env = { ...surroundings, TERM: 'xterm', LOTAN_API: far.api.base, LOTAN_ADMIN_TOKEN: far.api.token, ...more } // prettier-ignore
  const child = spawn(program[0]!, [...program.slice(1), ...args], { env })
  children.add(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (piece: Buffer) => (said.out += piece.toString('latin1')))
  child.stderr.on('data', (piece: Buffer) => (said.err += piece.toString()))
  const ended = once(child, 'close').then(([code, signal]) => {
    children.delete(child)
    return { status: (code ?? signal) as number | string, ...said }
  })
  return { child, said, ended }
}
function lotan(args: string[], input: Buffer | string = '', more?: Record<string, string>) {
  const one = start(args, undefined, more)
  one.child.stdin.end(input)
  return one.ended
}
/** The terminal is this machine's own: a shell stands around it, which tells what is left of its modes. */
function onTerminal(args: string) {
  const command = `stty rows 30 cols 100; sh -c 'echo "pid $$"; exec "${process.execPath}" ${main} ${args}'; echo "ended $?"; stty -a | grep -o '[-]*icanon'`
  return start(['-qec', command, '/dev/null'], ['script'])
}
const lastVisit = () => far.visits.at(-1)!

test('exec: streams apart, the status of the command, arguments as they are, and the end of input', async () => {
  const shell = ['exec', 'api/red+db', '--', 'sh', '-c']
  const [both, words, killed] = await Promise.all([
    lotan([...shell, 'echo out; echo err >&2; exit 7']),
    lotan(['exec', 'red', '-T', '--', 'printf', '%s|', 'a b', '--', '-T', '', 'ü&=+']),
    lotan([...shell, 'kill -9 $$']),
  ])
  assert.deepEqual(both, { status: 7, out: 'out\n', err: 'err\n' })
  assert.equal(Buffer.from(words.out, 'latin1').toString(), 'a b|--|-T||ü&=+|')
  assert.equal(killed.status, 137)
  const visit = far.visits.find(({ path }) => path === '/repositories/api/previews/red/exec')!
  assert.deepEqual([visit.query.get('service'), visit.query.get('tty')], ['db', null])

  const bytes = randomBytes(20_000_000)
  const back = await lotan(['exec', 'red', '--', 'cat'], bytes)
  const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  assert.equal(back.status, 0, back.err)
  assert.equal(digest(Buffer.from(back.out, 'latin1')), digest(bytes))
})

test('run: what its container gets', async () => {
  const wanted = ['-e', 'A=1', '-e', 'B=x=y', '-u', 'app', '-w', '/srv', '--memory', '1g', '--cpus', '1']
  assert.equal((await lotan(['run', 'red', ...wanted, '--', 'true'])).status, 0)
  const { path, query } = lastVisit()
  query.delete('ticket')
  assert.equal(path, '/previews/red/run')
  assert.equal(query.toString(), 'cmd=true&env=A%3D1&env=B%3Dx%3Dy&user=app&workdir=%2Fsrv&memory=1g&cpus=1')
  const wrong = await Promise.all([lotan(['run', 'red', '-e', 'A', '--', 'true']), lotan(['run', 'red+db', '--', 'true'])])
  assert.deepEqual(wrong.map(({ status }) => status), [125, 125])
  assert.match(wrong[0].err, /-e is NAME=VALUE/)
}) // prettier-ignore

test('what Lotan itself cannot do is 125 and one line, and never the status of a command', async () => {
  const before = far.visits.length
  const table: [args: string[], line: RegExp][] = [
    [['exec', 'red'], /missing required argument 'CMD'/],
    [['exec', 'red', 'ls', '-l'], /unknown option '-l'/],
    [['exec', 'no tag', '--', 'true'], /no valid image tag/],
    [['shell', 'red+'], /'' is no name of a service/],
  ]
  for (const [args, line] of table) {
    const { status, err } = await lotan(args)
    assert.deepEqual([status, line.test(err)], [125, true], err)
  }
  assert.equal(far.visits.length, before)

  const ends: [meet: (visit: Visit) => void, line: RegExp][] = [
    [({ say, socket }) => (say({ type: 'refused', problem: 'no-such-service', detail: 'red has no service db. It has none.' }), socket.close()), /^lotan: red has no service db\. It has none\.\n$/],
    [({ socket }) => socket.terminate(), /^lotan: the connection to red broke off/],
    [({ say }) => (say({ type: 'open', session: 's', resume: null }), say({ type: 'end', end: { why: 'idle' } })), /^lotan: red: nothing came and nothing went/],
    [({ say }) => (say({ type: 'open', session: 's', resume: null }), say({ type: 'end', end: { why: 'stopped' } })), /^lotan: red was stopped/],
    [({ say }) => (say({ type: 'progress', line: 'pulling its image, 4 %' }), say({ type: 'progress', line: 'pulling its image, 5 %' }), say({ type: 'refused', problem: 'preview-failed', detail: 'It ended by itself.\nits last line' })), /^lotan: red: pulling its image\nlotan: red: It ended by itself\.\nlotan: its last line\n$/],
  ] // prettier-ignore
  for (const [meet, line] of ends) {
    far.meet = meet
    const { status, err, out } = await lotan(['exec', 'red', '--', 'true'])
    assert.deepEqual([status, out], [125, ''])
    assert.match(err, line)
  }
})

test('by HTTPS, with the name that it was asked for, and no certificate that is not trusted', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-inside-'))
  const authority = await makeAuthority(dir)
  const { certificate, key } = await authority.issue(['previews.localhost'])
  const names: unknown[] = []
  const to = Number(new URL(far.api.base).port)
  const server = tls.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, (socket) => {
    names.push(socket.servername)
    socket
      .on('error', () => {})
      .pipe(net.connect(to, '127.0.0.1').on('error', () => {}))
      .pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const api = `https://previews.localhost:${(server.address() as net.AddressInfo).port}`
  const args = ['exec', 'red', '--', 'cat']
  const trusted = await lotan(args, 'by TLS', { LOTAN_API: api, NODE_EXTRA_CA_CERTS: authority.file })
  assert.deepEqual(trusted, { status: 0, out: 'by TLS', err: '' })
  assert.deepEqual(names, ['previews.localhost', 'previews.localhost'])
  const strange = await lotan(args, '', { LOTAN_API: api })
  assert.deepEqual([strange.status, strange.out], [125, ''])
  assert.match(strange.err, /^lotan: no Lotan answers at https:.*certificate/)
  server.close()
  fs.rmSync(dir, { recursive: true })
})

test('Ctrl-C goes to the command, three of them leave; SIGTERM ends; a reader that has gone ends it', async () => {
  far.meet = (visit) => {
    visit.say({ type: 'open', session: 's', resume: null })
    visit.send(streams.output, 'ready>')
    visit.told = (message) => {
      if (message.type === 'signal') visit.send(streams.output, message.name)
    }
  }
  const held = start(['exec', 'red', '--', 'x'])
  for (const heard of ['ready>', 'ready>INT', 'ready>INTINT']) {
    await until('it has come there', () => held.said.out === heard)
    held.child.kill('SIGINT')
  }
  assert.equal((await held.ended).status, 130)

  const ended = start(['exec', 'red', '--', 'x'])
  await until('it has begun', () => ended.said.out === 'ready>')
  ended.child.kill('SIGTERM')
  assert.equal((await ended.ended).status, 143)
  await until('its connection is closed', () => lastVisit().socket.readyState === 3)

  far.meet = (visit) => void runHere(visit)
  const reader = start(['-c', `'${process.execPath}' ${main} exec red -- yes | head -1; echo "\${PIPESTATUS[0]}"`], ['bash']) // prettier-ignore
  assert.deepEqual(await reader.ended, { status: 0, out: 'y\n141\n', err: '' })
})

test('on a terminal: raw, its size and TERM, notices, a way out, and given back in every ending', async () => {
  const typed: string[] = []
  far.meet = (visit) => {
    typed.length = 0
    visit.say({ type: 'progress', line: 'starting' })
    visit.say({ type: 'open', session: 's', resume: null })
    visit.send(streams.output, 'ready>')
    visit.bytes = (piece) => {
      typed.push(piece.toString())
      if (piece.toString().includes('n')) visit.say({ type: 'notice', line: 'red is stopped in 60 s' })
      if (piece.toString().includes('q')) visit.say({ type: 'end', end: { why: 'exited', code: 3 } })
    }
  }
  const cooked = (out: string, status: number | string) => assert.match(out, new RegExp(`ended ${status}\\r\\nicanon\\r\\n$`)) // prettier-ignore
  const one = onTerminal('shell red')
  await until('it is open', () => one.said.out.includes('ready>'))
  assert.match(one.said.out, /\rred {2}starting {2}0 s\u001b\[K/)
  const { query, heard } = lastVisit()
  assert.deepEqual(['tty', 'columns', 'rows', 'term', 'cmd'].map((name) => query.get(name)), ['1', '100', '30', 'xterm', null]) // prettier-ignore
  await until('its size is told', () => heard.some((message) => message.type === 'resize' && message.rows === 30))
  one.child.stdin.write('a\u0003~b\r~~n')
  await until('keys come as they are', () => typed.join('') === 'a\u0003~b\r~n')
  await until('the notice is shown', () => one.said.out.includes('\r\nlotan: red is stopped in 60 s\r\n'))
  one.child.stdin.write('q')
  cooked((await one.ended).out, 3)

  const left = onTerminal('exec red -- top')
  await until('it is open', () => left.said.out.includes('ready>'))
  left.child.stdin.write('x\r~.')
  const { out } = await left.ended
  assert.match(out, /lotan: left red\r\n/)
  cooked(out, 130)

  const dying = onTerminal('shell red')
  await until('it is open', () => dying.said.out.includes('ready>'))
  lastVisit().socket.terminate()
  cooked((await dying.ended).out, 125)

  const killed = onTerminal('shell red')
  await until('it is open', () => killed.said.out.includes('ready>'))
  process.kill(Number(/pid (\d+)/.exec(killed.said.out)![1]), 'SIGTERM')
  cooked((await killed.ended).out, 143)

  const count = far.visits.length
  const plain = onTerminal('exec red -T -- top')
  await until('it has begun', () => far.visits.length > count)
  assert.equal(lastVisit().query.get('tty'), null)
  lastVisit().say({ type: 'end', end: { why: 'exited', code: 0 } })
  cooked((await plain.ended).out, 0)
})
