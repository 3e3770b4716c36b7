/** `lotan exec`, `run`, `forward`, `cp` through nginx: with lotan.mjs, as from another machine. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { buildClient } from '../lotan/install/build-client.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { surroundings } from '../testing/harness/surroundings.ts'
import { until } from '../testing/harness/until.ts'
import { publishRedis, publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const SH = ['/bin/busybox', 'sh', '-c']

describe('the command line goes inside', { timeout: 120_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let home: string
  const children = new Set<ChildProcess>()

  before(async () => {
    registry = await startImageRegistry()
    const stack = `{ services: { app: {}, cache: { image: '${registry.repository}-redis:7' } } }`
    await publishRedis(`${registry.repository}-redis:7`)
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { 'lotan.stack': stack, 'lotan.shell': '/bin/busybox sh' } }) // prettier-ignore
    lotan = await startLotan({ repository: registry.repository, env: { LOTAN_SHELL: 'on', LOTAN_GRACE_SECONDS: '1' } })
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-way-in-'))
    await buildClient(path.join(home, 'lotan.mjs'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await lotan?.stop()
    await registry?.close()
    if (home) fs.rmSync(home, { recursive: true })
  })

  function start(args: string[]) {
    const env = { PATH: surroundings.PATH!, LOTAN_API: lotan.admin, LOTAN_ADMIN_TOKEN: lotan.token }
    const child = spawn(process.execPath, ['lotan.mjs', ...args], { cwd: home, env })
    children.add(child)
    const said = { err: '' }
    child.stderr.on('data', (piece: Buffer) => (said.err += piece.toString()))
    const ended = Promise.all([buffer(child.stdout), once(child, 'close')]).then(([out, [status]]) => {
      children.delete(child)
      return { status: status as number | null, bytes: out, out: out.toString(), ...said }
    })
    return { child, said, ended }
  }
  function run(args: string[], input: Buffer | string = '') {
    const one = start(args)
    one.child.stdin.on('error', () => {})
    one.child.stdin.end(input)
    return one.ended
  }
  const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

  test('exec wakes it and has its status, its streams and 20 MB both ways; run has a container of its own', async () => {
    const first = await run(['exec', 'red', '--', ...SH, 'echo out; echo err >&2; exit 7'])
    assert.deepEqual([first.status, first.out], [7, 'out\n'], first.err)
    assert.match(first.err, /^lotan: red: [^]*\nerr\n$/)

    const bytes = randomBytes(20_000_000)
    const [back, service, once, none] = await Promise.all([
      run(['exec', 'red', '--', '/bin/busybox', 'cat'], bytes),
      run(['exec', 'red+cache', '--', 'redis-cli', 'set', 'who', 'anna']),
      run(['run', 'red', '-e', 'A=1 x', '-w', '/www', '--', ...SH, 'echo "$A"; pwd; /bin/busybox ls; exit 3']),
      run(['exec', 'red+db', '--', 'true']),
    ])
    assert.deepEqual([back.status, sha(back.bytes)], [0, sha(bytes)], back.err)
    assert.deepEqual([service.status, service.out.trim()], [0, 'OK'], service.err)
    assert.deepEqual([once.status, once.out.split('\n').slice(0, 2)], [3, ['1 x', '/www']], once.err)
    assert.deepEqual([none.status, none.out], [125, ''])
    assert.match(none.err, /^lotan: red has no service db\. It has .*cache/)
  })

  test('forward reaches its own Redis, again after a stop, and nothing else', async () => {
    const forward = start(['forward', 'red', 'cache:6379', '10.0.0.1:6379', '--bind', '0', '--bind', '0'])
    let out = ''
    forward.child.stdout.on('data', (piece: Buffer) => (out += piece.toString()))
    await until('it listens', () => out.split('\n').length === 3 || forward.child.exitCode !== null)
    const [cache = 0, other = 0] = [...out.matchAll(/^127\.0\.0\.1:(\d+) /gm)].map(([, port]) => Number(port))
    const get = async (port: number) => {
      const socket = net.connect(port, '127.0.0.1')
      socket.end('GET who\r\nQUIT\r\n')
      return (await buffer(socket)).toString()
    }
    assert.equal(await get(cache), '$4\r\nanna\r\n+OK\r\n')
    const held = net.connect(cache, '127.0.0.1').on('error', () => {})
    held.write('PING\r\n')
    await once(held, 'data')
    held.resume()
    await lotan.api('POST', '/previews/red/stop')
    await lotan.untilState('red', 'stopped')
    await until('it is cut', () => held.closed, { within: 20_000 })
    assert.equal(await get(cache), '$4\r\nanna\r\n+OK\r\n')
    await assert.rejects(get(other))
    await until('it is told', () => /10\.0\.0\.1/.test(forward.said.err))
    forward.child.kill('SIGINT')
    assert.equal((await forward.ended).status, 130)
  })

  test('cp goes both ways', async () => {
    const bytes = randomBytes(20_000_000)
    fs.mkdirSync(path.join(home, 'src'))
    fs.writeFileSync(path.join(home, 'src/big'), bytes)
    const gone = await run(['cp', 'src', 'red:/www'])
    assert.equal(gone.status, 0, gone.err)
    assert.match(gone.err, /^lotan: 1 file copied, 20 MB$/m)
    const [back, service, none, locked] = await Promise.all([
      run(['cp', 'red:/www/src', 'got']),
      run(['cp', 'red+cache:/etc/passwd', '.']),
      run(['cp', 'red:/nowhere', '.']),
      run(['cp', 'src/big', 'red:/nowhere/']),
    ])
    assert.equal(back.status, 0, back.err)
    assert.equal(sha(fs.readFileSync(path.join(home, 'got/big'))), sha(bytes))
    assert.equal(service.status, 0, service.err)
    assert.match(fs.readFileSync(path.join(home, 'passwd'), 'utf8'), /^postgres:/m)
    assert.deepEqual([none.status, locked.status], [9, 9], none.err + locked.err)
  })

  test('who was inside is told, with what, and for how long; arguments are not', () => {
    const told = lotan.store.history('red', 200).filter(({ event }) => event === 'session')
    const details = told.map(({ detail, who }) => `${who} ${detail}`)
    for (const kind of ['exec', 'run', 'files'])
      assert.ok(
        details.some((line) => line.startsWith('admin ') && line.includes(kind)),
        `${kind}: ${details.join('\n')}`,
      )
    // Its connections of a minute are one line.
    const forwards = lotan.store.shellSessions.list().filter(({ kind }) => kind === 'forward')
    assert.deepEqual(
      forwards.map(({ who, program }) => [who, program]),
      [['admin', 'cache:6379']],
    )
    assert.ok(!details.some((line) => line.includes('echo')), details.join('\n'))
  })
})
