/** Debian's OpenSSH client, on a real engine. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import ssh2, { type ClientChannel } from 'ssh2'
import { docker } from '../../testing/harness/docker.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { until } from '../../testing/harness/until.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'
import { openSshHarness, type SshHarness } from './harness.ts'

const { Client } = ssh2
/** Of twenty connections each. */
const ROUNDS = 1

describe('SSH', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness
  let ssh: SshHarness

  before(async () => {
    registry = await startImageRegistry()
    const part = `${registry.repository}-part:1`
    await buildSmall(part, 'part')
    const db = JSON.stringify(['/bin/busybox', 'nc', '-ll', '-p', '5432', '-e', '/bin/busybox', 'cat'])
    const stack = `services:\n  app: {}\n  db: { image: ${part}, command: ${db} }\n`
    const labels = { 'lotan.shell': '/bin/busybox sh', 'lotan.stack': stack }
    await publishSmall(`${registry.repository}:red`, 'red', { labels })
    await publishSmall(`${registry.repository}:bare`, 'bare')
    harness = await openHarness(registry.repository)
    ssh = await openSshHarness(harness, (key) => `${key('anna')}\nmatch="^red",can="shell" ${key('ben')}\ncan="read" ${key('cleo')}\n`) // prettier-ignore
  })
  after(async () => {
    await ssh?.close()
    await harness?.close()
    await registry?.close()
  })

  test('wakes a preview, says how far it is, and keeps output, errors and status apart', async () => {
    const { code, output, errors } = await ssh.run('red', '/bin/busybox cat; echo wrong >&2; exit 7', { input: 'through and through' }) // prettier-ignore
    assert.deepEqual([code, output], [7, 'through and through'])
    assert.match(errors, /^red: /)
    assert.match(errors, /\nwrong\n$/)
  })

  test('carries 20 MB both ways, byte for byte, through new keys of the connection each megabyte', async () => {
    const bytes = randomBytes(20_000_000)
    const child = ssh.start('red', ['/bin/busybox cat'], { more: ['-o', 'RekeyLimit=1M'] })
    child.stdin.end(bytes)
    const [output, errors] = await Promise.all([buffer(child.stdout), text(child.stderr)])
    assert.equal(errors, '')
    assert.ok(output.equals(bytes), `${output.length} bytes came back`)
  })

  test('mixes up no bytes where output and errors are both more than the client takes at once', async () => {
    const script = `/bin/busybox seq 1 800000 & /bin/busybox seq 1 800000 >&2; wait`
    const child = ssh.start('red', [script])
    child.stdin.end()
    let read = ''
    const readSoFar = () => fs.readFileSync(`/proc/${child.pid}/io`, 'utf8').split('\n')[0]!
    await until('both stand still', () => read === (read = readSoFar()) && Number(read.split(' ')[1]) > 2_000_000, {
      every: 200,
    })
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
    const wanted = Array.from({ length: 800_000 }, (_, at) => `${at + 1}\n`).join('')
    assert.ok(output === wanted, `${output.length} of ${wanted.length} characters of output`)
    assert.ok(errors === wanted, `${errors.length} of ${wanted.length} characters of errors`)
  })

  test('ends what it has started in the container when the client is killed', async () => {
    const child = ssh.start('red', [`trap '' HUP TERM; echo up; while :; do /bin/busybox sleep 4721; done`])
    await until('it runs', async () => (await processes()).some((line) => line.includes('sleep 4721')))
    child.kill('SIGKILL')
    // What is not read keeps its pipes open.
    for (const stream of child.stdio) stream?.destroy()
    await until('nothing of it is left', async () => !(await processes()).some((line) => line.includes('sleep 4721')))
    await until('it is no session any more', () => harness.store.shellSessions.list().length === 0)
  })

  test('gives a terminal its size, and a new one at once', async () => {
    const remote = 'while read line; do /bin/busybox stty size; done'
    const line = ['ssh', '-tt', ...ssh.options('anna'), '-l', 'red', '127.0.0.1', `'${remote}'`].join(' ')
    const child = spawn('script', ['-qec', `tty; stty rows 31 cols 97; exec ${line}`, '/dev/null'])
    const seen = watch(child.stdout)
    const hasSize = (size: string) => {
      child.stdin.write('\n')
      return seen().includes(size)
    }
    await until('it has the first size', () => hasSize('31 97'), { within: 10_000, every: 200 })
    const tty = /\/dev\/pts\/\d+/.exec(seen())![0]
    execFileSync('stty', ['-F', tty, 'rows', '12', 'cols', '40'])
    await until('it has the second size', () => hasSize('12 40'), { within: 10_000, every: 200 })
    child.stdin.write('\x04')
    assert.deepEqual(await once(child, 'close'), [0, null])
  })

  test('takes the language of who comes, and no other variable', async () => {
    const more = ['-o', 'SetEnv=LANG=de_DE.UTF-8 LC_ALL=C LD_PRELOAD=/x']
    const { output } = await ssh.run('red', 'echo "$LANG,$LC_ALL,$LD_PRELOAD"', { more })
    assert.equal(output, 'de_DE.UTF-8,C,\n')
  })

  test('is sent signals, and tells which one ended it', async () => {
    const client = new Client()
    const privateKey = fs.readFileSync(`${ssh.dir}/anna`)
    client.connect({ host: '127.0.0.1', port: ssh.port, username: 'red', privateKey })
    await once(client, 'ready')
    const script = `trap 'echo got it; exit 3' INT; echo up; while :; do /bin/busybox sleep 0.1; done`
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec(script, (error, opened) => (error ? reject(error) : resolve(opened))),
    )
    const seen = watch(channel)
    await until('it waits', () => seen().includes('up'))
    channel.signal('INT')
    assert.deepEqual(await once(channel, 'exit'), [3])
    assert.match(seen(), /got it/)
    client.end()
  })

  test('works beside an image that has no shell', async () => {
    const { code, output } = await ssh.run('bare', 'ls bin; exit 4')
    assert.deepEqual([code, output], [4, 'busybox\n'])
  })

  test('carries twenty sessions at once, and each is a line of the audit', async () => {
    const ran = await Promise.all(Array.from({ length: 20 }, (_, at) => ssh.run('red', `echo ${at}`, { key: at % 2 ? 'anna' : 'ben' }))) // prettier-ignore
    assert.deepEqual(ran.map(({ output }) => output.trim()), Array.from({ length: 20 }, (_, at) => String(at))) // prettier-ignore
    const told = harness.store.history('red', 20)
    assert.deepEqual(Object.groupBy(told, ({ who }) => who ?? '')['key ben']?.length, 10)
    for (const { who, address, detail } of told) {
      assert.match(who ?? '', /^key (anna|ben)$/)
      assert.equal(address, '127.0.0.1')
      assert.match(detail ?? '', /^exec echo, \d+ s, status 0$/)
    }
  })

  test('lets nobody into what a key does not match, in the words of a tag that there is not', async () => {
    const refused = (shown: string) => ({ code: 255, output: '', errors: `The registry has no tag ${shown}.\n` })
    assert.deepEqual(await ssh.run('bare', 'true', { key: 'ben' }), refused('bare'))
    const nowhere = await ssh.run('nowhere', 'true')
    assert.ok(nowhere.errors.endsWith(refused('nowhere').errors), nowhere.errors)
    assert.deepEqual(await ssh.run('red', 'true', { key: 'cleo' }), { code: 255, output: '', errors: 'This key may read. To look inside a preview it has to have can="shell" in the file of keys.\n' }) // prettier-ignore
    assert.match((await ssh.run('red+db+x', 'true')).errors, /^"red\+db\+x" is no name of a preview: /)
    assert.equal((await ssh.run('red+mail', 'true')).errors, 'red has no service mail. It has db.\n')
    assert.equal((await ssh.run('red+db', 'echo in the database')).output, 'in the database\n')
  })

  test('forwards ports of its own stack, with both ends of a connection, and of no sibling', async () => {
    const [own, sibling, application] = [await freePort(), await freePort(), await freePort()]
    const more = ['-L', `${own}:db:5432`, '-L', `${sibling}:bare:80`, '-L', `${application}:localhost:80`]
    const child = ssh.start('red', ['echo up; read x'], { more })
    const [seen, errors] = [watch(child.stdout), watch(child.stderr)]
    await until('it is up', () => seen().includes('up'))
    const bytes = randomBytes(3_000_000)
    const [one, two] = await Promise.all([exchange(own, bytes), exchange(own, Buffer.from('two'))])
    assert.ok(one.equals(bytes))
    assert.equal(two.toString(), 'two')
    assert.match((await exchange(application, Buffer.from('GET / HTTP/1.0\r\n\r\n'))).toString(), /<h1>red<\/h1>/)
    assert.equal((await exchange(sibling, Buffer.from('GET / HTTP/1.0\r\n\r\n'))).length, 0)
    assert.match(errors(), /^bare cannot be reached from here\. /)
    child.stdin.end('\n')
    await once(child, 'close')
    await until('it is no session any more', () => harness.store.shellSessions.list().length === 0)
    const told = harness.store.history('red', 10).map(({ detail }) => detail?.replace(/\d+ s/, 'N s'))
    assert.equal(told.filter((detail) => detail === 'forward db:5432, N s, closed').length, 1, told.join('\n'))
    assert.ok(!told.some((detail) => detail?.includes('bare')), told.join('\n'))
  })

  test('forwards nothing the other way', async () => {
    const { code } = await ssh.run('red', 'true', { more: ['-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1'] })
    assert.equal(code, 255)
  })

  test('leaves no file open of forwarded connections', async () => {
    const port = await freePort()
    const child = ssh.start('red', ['echo up; read x'], { more: ['-L', `${port}:db:5432`] })
    const seen = watch(child.stdout)
    await until('it is up', () => seen().includes('up'))
    await exchange(port, Buffer.from('first'))
    const open = () => fs.readdirSync('/proc/self/fd').length
    const before = open()
    for (let round = 0; round < ROUNDS; round++)
      await Promise.all(Array.from({ length: 20 }, () => exchange(port, Buffer.from('again'))))
    await until('as many files are open as before', () => open() <= before, { within: 10_000 })
    child.stdin.end('\n')
    await once(child, 'close')
  })

  test('finds out that a client has vanished', async () => {
    const soon = await openSshHarness(harness, (key) => key('anna'), { keepalive: 100 })
    const child = soon.start('red', ['echo up; read x'])
    const seen = watch(child.stdout)
    await until('it is up', () => seen().includes('up'))
    child.kill('SIGSTOP')
    await until('it is no session any more', () => harness.store.shellSessions.list().length === 0)
    child.kill('SIGKILL')
    for (const stream of child.stdio) stream?.destroy()
    await soon.close()
  })

  test('has a menu, which comes again when a preview was left', async () => {
    const listed = await ssh.run('menu', null)
    assert.deepEqual([listed.code, listed.errors], [0, ''])
    assert.match(listed.output, /^bare {2}running {2}\d+ \w+ ago\nred {3}running {2}\d+ \w+ ago\n$/)
    assert.match((await ssh.run('menu', null, { key: 'ben' })).output, /^red {2}running[^\n]+\n$/)

    const child = ssh.start('menu', [], { more: ['-tt'] })
    const seen = watch(child.stdout)
    await until('there is a list', () => seen().includes('Preview: '))
    child.stdin.write('r\te')
    await until('it is narrowed', () => seen().endsWith('Preview: rede'))
    child.stdin.write('\x7f\r')
    await until('there is a shell', () => /[$#] /.test(seen()))
    child.stdin.write('echo in-$((40+2))\n')
    await until('it is inside', () => seen().includes('in-42'))
    child.stdin.write('exit\n')
    await until('the list comes again', () => seen().split('in-42')[1]?.includes('Preview: '))
    child.stdin.write('\x03')
    assert.deepEqual(await once(child, 'close'), [0, null])
  })

  test('says why a session ends that was cut', async () => {
    const child = ssh.start('red', ['echo up; /bin/busybox sleep 4722'])
    const [seen, errors] = [watch(child.stdout), watch(child.stderr)]
    await until('it is up', () => seen().includes('up'))
    const { id } = harness.store.shellSessions.list()[0]!
    harness.context.sessions.find(id)?.end({ why: 'idle' })
    assert.deepEqual(await once(child, 'close'), [255, null])
    assert.equal(errors(), 'Ended: no byte went either way for 15 min.\n')
    await until('nothing of it is left', async () => !(await processes()).some((line) => line.includes('sleep 4722')))
  })

  test('says that Lotan ends', async () => {
    const child = ssh.start('red', ['echo up; /bin/busybox sleep 1000'])
    const [seen, errors] = [watch(child.stdout), watch(child.stderr)]
    await until('it is up', () => seen().includes('up'))
    const closed = once(child, 'close')
    const ended = harness.context.sessions.endAll({ why: 'lotan-ended' })
    await ssh.close()
    await ended
    assert.deepEqual(await closed, [255, null])
    assert.equal(errors(), 'Ended: Lotan itself stops. Come again in a moment.\n')
  })

  /** As the engine sees the container. */
  async function processes(): Promise<string[]> {
    const { container } = (await harness.untilState('red', 'running')).generation
    const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${container}/top?ps_args=-eo%20pid,args`) // prettier-ignore
    return Processes.map((columns) => columns.join(' '))
  }
})

function watch(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

/** All that comes back, once what is sent is at its end. */
async function exchange(port: number, sent: Buffer): Promise<Buffer> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.end(sent)
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  // One that is refused may be reset: that is no error here.
  await new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  return Buffer.concat(parts)
}
