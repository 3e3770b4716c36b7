/** The way in over WebSockets, on a real engine: what a client sends and hears. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { docker } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'
import { clientOf, connect, giveTicket, type Client } from './harness.ts'
import { openServer, type ShellServer } from './server.ts'

describe('a WebSocket into a preview', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness
  let server: ShellServer
  /** Keeps sessions of pages for a moment only. */
  let hasty: ShellServer
  let dir: string

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { 'lotan.shell': '/bin/busybox sh' } })
    harness = await openHarness(registry.repository)
    dir = harness.config.runDir
    server = await openServer(harness.context, path.join(dir, 'shell.sock'))
    hasty = await openServer(harness.context, path.join(dir, 'hasty.sock'), { keptMs: 200 })
  })
  after(async () => {
    await harness?.context.sessions.endAll({ why: 'lotan-ended' })
    await server?.close()
    await hasty?.close()
    await harness?.close()
    await registry?.close()
  })

  function open(does: string, query: [string, string][], { who = 'anna', at = 'shell.sock' } = {}): Client {
    const text = new URLSearchParams([['ticket', giveTicket(harness, 'red', who)], ...query]).toString()
    return clientOf(connect(path.join(dir, at), `/previews/red/${does}?${text}`))
  }
  const exec = (script: string, more: [string, string][] = []) =>
    open('exec', [...['/bin/busybox', 'sh', '-c', script].map((cmd): [string, string] => ['cmd', cmd]), ...more])
  const opened = (client: Client) => until('it has begun', () => client.found('open') ?? failed(client))
  function failed({ found }: Client): undefined {
    const refused = found('refused')
    assert.equal(refused, undefined)
  }
  const endOf = async (client: Client) => {
    assert.equal(await client.closed, 1000)
    return client.found('end')?.end
  }
  async function processes(): Promise<string> {
    const { container } = (await harness.untilState('red', 'running')).generation
    const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${container}/top?ps_args=-eo%20pid,args`) // prettier-ignore
    return Processes.map((columns) => columns.join(' ')).join('\n')
  }

  test('wakes it with progress, keeps output and errors apart, and ends with the status', async () => {
    const client = exec('/bin/busybox cat; echo wrong >&2; exit 7')
    // Said before it is up, and not lost.
    client.socket.once('open', () => {
      client.write('through and through')
      client.say({ type: 'eof' })
    })
    assert.deepEqual(await endOf(client), { why: 'exited', code: 7 })
    assert.deepEqual([client.output().toString(), client.errors().toString()], ['through and through', 'wrong\n'])
    const kinds = client.told.map(({ type }) => type)
    assert.deepEqual([...new Set(kinds)], ['progress', 'open', 'end'])
    assert.ok(client.told.some((one) => one.type === 'progress' && one.line.startsWith('pulling')))
    const [line] = harness.store.history('red', 1)
    assert.deepEqual([line?.who, line?.address], ['anna', '192.0.2.7'])
    assert.match(line?.detail ?? '', /^exec busybox, \d+ s, status 7$/)
  })

  test('takes 20 MB to it and back, byte for byte', async () => {
    const sent = randomBytes(20 * 1024 * 1024)
    const client = exec('exec /bin/busybox cat')
    await opened(client)
    for (let i = 0; i < sent.length; i += 64_000) client.write(sent.subarray(i, i + 64_000))
    client.say({ type: 'eof' })
    assert.deepEqual(await endOf(client), { why: 'exited', code: 0 })
    assert.ok(client.output().equals(sent))
  })

  test('sends signals and sizes', async () => {
    const signalled = exec(`trap 'exit 3' INT; echo up; while :; do /bin/busybox sleep 0.1; done`)
    await until('it waits', () => signalled.output().includes('up'))
    signalled.say({ type: 'signal', name: 'INT' })
    assert.deepEqual(await endOf(signalled), { why: 'exited', code: 3 })

    const sized = exec('echo $TERM; while read line; do /bin/busybox stty size; done', [['tty', '1'], ['columns', '97'], ['rows', '31'], ['term', 'vt220']]) // prettier-ignore
    const hasSize = (size: string) => {
      sized.write('\n')
      return sized.output().includes(size)
    }
    await until('it has the first size', () => hasSize('31 97'), { every: 100 })
    assert.match(sized.output().toString(), /^vt220\r\n/)
    sized.say({ type: 'resize', columns: 40, rows: 12 })
    await until('it has the second size', () => hasSize('12 40'), { every: 100 })
    sized.write('\x04')
    assert.deepEqual(await endOf(sized), { why: 'exited', code: 0 })
  })

  test('leaves no process of a client that vanishes, nor of a page that does not come back', async () => {
    const script = (seconds: number) => `/bin/busybox sleep ${seconds} & echo up; /bin/busybox sleep ${seconds}`
    const client = exec(script(4721))
    const page = open('exec', [['tty', '1'], ['via', 'page'], ...['/bin/busybox', 'sh', '-c', script(4722)].map((cmd): [string, string] => ['cmd', cmd])], { at: 'hasty.sock' }) // prettier-ignore
    await until('they run', async () => (await processes()).match(/sleep 472[12]$/gm)?.length === 4)
    client.socket.terminate()
    page.socket.terminate()
    await until('none is left', async () => !/472[12]/.test(await processes()))
    await until('they are told to the audit', () => harness.store.shellSessions.list().length === 0)
  })

  test('a page comes back to its session, and misses nothing', async () => {
    const tty: [string, string][] = [['tty', '1'], ['via', 'page']] // prettier-ignore
    const first = open('exec', tty)
    const { resume, session } = await opened(first)
    first.write('echo o""ne\n')
    await until('it answers', () => first.output().includes('one'))
    const seen = first.output().length
    first.write('while ! [ -f /go ]; do /bin/busybox usleep 9999; done; /bin/busybox head -c 300000 /dev/zero | /bin/busybox tr "\\0" x; echo t""wo\n') // prettier-ignore
    await until('it is heard', () => first.output().length > seen)
    first.socket.terminate()
    const came = exec(': > /go')
    await endOf(came)
    const back = (query: [string, string][], who = 'anna') =>
      open('exec', [...tty, ['resume', resume!], ...query], { who })
    const other = back([], 'berta')
    await other.closed
    assert.equal(other.found('refused')?.problem, 'session-over')

    const second = back([['seen', String(seen)], ['columns', '44'], ['rows', '11']]) // prettier-ignore
    await until('what was said meanwhile is there', () => second.output().includes('two'))
    assert.deepEqual(second.found('open'), { type: 'open', session, resume })
    const hasSize = () => {
      second.write('/bin/busybox stty size\n')
      return second.output().includes('11 44')
    }
    await until('it has the size of the new window', hasSize, { every: 100 })
    const third = back([['seen', '0']])
    assert.deepEqual(await endOf(second), { why: 'closed' })
    assert.ok(second.told.some((one) => one.type === 'notice' && /another window/.test(one.line)))
    await opened(third)
    third.write('exit 5\n')
    assert.deepEqual(await endOf(third), { why: 'exited', code: 5 })
    assert.ok(third.output().includes('11 44'))
    // More than is kept was said by then.
    assert.match(third.found('notice')!.line, /bytes of what was said meanwhile are not kept/)
    assert.equal((await until('it is over', () => harness.store.history('red', 1)[0]))?.who, 'anna')
  })

  test('forwards connections, each half-closed by its own side, as one session', async () => {
    const serving = exec('/bin/busybox nc -ll -p 9000 -e /bin/busybox sha256sum')
    await opened(serving)
    const sent = randomBytes(1024 * 1024)
    const client = await until('it listens', async () => {
      const one = open('forward', [['to', 'localhost:9000']])
      await until('it says', () => one.found('open') ?? one.found('refused'))
      return one.found('open') ? one : undefined
    })
    client.write(sent)
    client.say({ type: 'eof' })
    assert.deepEqual(await endOf(client), { why: 'closed' })
    assert.equal(client.output().toString(), `${createHash('sha256').update(sent).digest('hex')}  -\n`)
    assert.ok(client.found('eof'))
    const web = open('forward', [['to', '80']])
    const { session } = await opened(web)
    web.write('GET / HTTP/1.0\r\n\r\n')
    await until('the application answers', () => web.output().includes('red'))
    const again = open('forward', [['to', '80']])
    assert.equal((await opened(again)).session, session)
    again.socket.terminate()
    assert.equal(harness.store.shellSessions.list().filter(({ kind }) => kind === 'forward').length, 2)
    const outside = open('forward', [['to', 'example.com:80']])
    await outside.closed
    assert.equal(outside.found('refused')?.problem, 'not-reachable')
    serving.socket.terminate()
    await serving.closed
  })

  test('runs a command in a container of its own', async () => {
    const client = open('run', [['cmd', '/bin/busybox'], ['cmd', 'env'], ['env', 'A=1 2']]) // prettier-ignore
    assert.deepEqual(await endOf(client), { why: 'exited', code: 0 })
    assert.match(client.output().toString(), /^A=1 2$/m)
  })
})
