/** Connections, containers of one's own, and programs that talk on their terminal: on a real engine. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { containersWith, docker } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { enter, enterCommand } from '../enter.ts'
import { anna, openHarness, type Harness } from '../harness.ts'
import { NoEntry } from '../no-entry.ts'
import { readAll } from '../streams.ts'
import type { CommandAsk } from './command.ts'
import { dial, type Connection } from './dial.ts'
import { endLeftSessions } from './left-sessions.ts'
import { beginRun, type RunAsk } from './one-off.ts'
import type { Session } from './open-sessions.ts'
import type { SessionKind } from '../../shared/shell/session-kind.ts'
import type { Talk } from './talk.ts'

describe('inside of a preview', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    const part = `${registry.repository}-part:1`
    await buildSmall(part, 'part')
    const serve = (port: number, program: string) => `/bin/busybox nc -ll -p ${port} -e ${program} &`
    const db = `${serve(5432, '/bin/busybox cat')} ${serve(6000, '/bin/busybox sleep 1000')} wait`
    const stack = `services:\n  app: {}\n  db: { image: ${part}, command: ${JSON.stringify(['/bin/busybox', 'sh', '-c', db])} }\n`
    const shell = { 'lotan.shell': '/bin/busybox sh' }
    const scripts = { '/entry': 'echo "entry $@"; exec "$@"' }
    const cmd = ['/bin/busybox', 'httpd', '-f', '-p', '80', '-h', '/www']
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { ...shell, 'lotan.stack': stack }, scripts, entrypoint: ['/entry'], cmd, env: { OF_IMAGE: 'yes' } }) // prettier-ignore
    const talks = 'echo "for $TERM_OF"; while read -r line; do [ "$line" = end ] && exit; echo "<$line>"; done'
    await publishSmall(`${registry.repository}:talks`, 'talks', { labels: { ...shell, 'lotan.kind': 'ssh', 'lotan.connection': 'attach' }, scripts: { '/talk': talks }, cmd: ['sh', '/talk'] }) // prettier-ignore
    const user = 'services: { app: { user: "65534:65534" } }'
    await publishSmall(`${registry.repository}:plain`, 'plain', { labels: { 'lotan.kind': 'ssh', 'lotan.stack': user }, cmd: ['sleep', '1000'] }) // prettier-ignore
    harness = await openHarness(registry.repository)
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  const asked = (kind: SessionKind, preview = 'red') => ({ preview, service: null, kind, program: null, via: 'api', actor: anna }) as const // prettier-ignore

  async function within<T>(
    kind: SessionKind,
    begin: Parameters<typeof enter<T>>[4],
    left = new AbortController().signal,
  ) {
    return enter(harness.context, asked(kind), () => {}, left, begin)
  }

  async function withSession(
    use: (to: (host: string, port: number) => Promise<Connection>, session: Session) => Promise<void>,
  ) {
    await within('forward', async (session, target) => {
      await use((host, port) => dial(harness.context, session, target, { host, port }), session)
      session.end({ why: 'closed' })
    })
  }

  async function said(talk: Talk, input = ''): Promise<string> {
    talk.input.end(input)
    const all = await Promise.all([talk.output, talk.errors].map(async (stream) => (stream ? readAll(stream) : '')))
    return all.join('')
  }

  async function dialling(): Promise<string[]> {
    const { container } = (await harness.untilState('red', 'running')).generation
    const helpers = await containersWith(`lotan.beside=${container}`)
    const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${helpers[0]!.Id}/top?ps_args=-eo%20pid,args`) // prettier-ignore
    return Processes.map((columns) => columns.join(' ')).filter((line) => /^\s*\d+ \/busybox nc -w /.test(line))
  }

  test('20 MB go to a service and come back, and the client’s end is told', async () => {
    await withSession(async (to) => {
      const { input, output, ended } = await to('db', 5432)
      const sent = randomBytes(20 * 2 ** 20)
      input.end(sent)
      const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex')
      assert.equal(digest(await readAll(output)), digest(sent))
      await ended
      const page = await to('red', 80)
      page.input.end('GET / HTTP/1.0\r\n\r\n')
      assert.match((await readAll(page.output)).toString(), /<h1>red<\/h1>/)
    })
  })

  test('what takes no connection, and what is not of its stack, is told as such', async () => {
    await withSession(async (to) => {
      const refused = (problem: string, words: RegExp) => (error: NoEntry) => error instanceof NoEntry && error.problem === problem && words.test(error.message) // prettier-ignore
      await assert.rejects(
        to('db', 1),
        refused('no-connection', /^db:1 of red takes no connection: connection refused\.$/),
      )
      await assert.rejects(to('localhost', 81), refused('no-connection', /connection refused/))
      await assert.rejects(
        to('talks', 80),
        refused('not-reachable', /the application \(localhost\) and its services db\.$/),
      )
    })
  })

  test('a connection that is cut on either side leaves no process', async () => {
    await withSession(async (to, session) => {
      const [one, two, three] = [await to('db', 6000), await to('db', 6000), await to('db', 6000)]
      assert.equal((await dialling()).length, 3)
      one.input.destroy()
      await one.ended
      two.output.destroy()
      await two.ended
      assert.equal((await dialling()).length, 1)
      session.end({ why: 'idle' })
      await three.ended
      assert.deepEqual(await dialling(), [])
    })
  })

  const own: RunAsk = { command: [], terminal: null, env: [], user: null, workdir: null, memory: null, cpus: null }
  const run = (ask: Partial<RunAsk>, left?: AbortSignal) => within('run', (session, target) => beginRun(harness.context, session, target, { ...own, ...ask }), left) // prettier-ignore
  const runs = () => containersWith('lotan.run')

  test('a run is as the application is but for what was asked, reaches its services, and is gone with its end', async () => {
    const script =
      'echo "$A $OF_IMAGE $LOTAN_TAG $(/bin/busybox id -u) $PWD"; /bin/busybox cat; echo hello | /bin/busybox nc db 5432; echo wrong >&2; exit 9'
    const talk = await run({ command: ['/bin/busybox', 'sh', '-c', script], env: ['A=1'], user: '65534', workdir: '/www', memory: '64m', cpus: '0.5' }) // prettier-ignore
    const [found] = await runs()
    const { HostConfig } = await docker<{ HostConfig: Record<string, unknown> }>('GET', `/containers/${found!.Id}/json`)
    const { generation } = await harness.untilState('red', 'running')
    const app = await docker<{ HostConfig: Record<string, unknown> }>('GET', `/containers/${generation.container}/json`)
    const differs = Object.keys(HostConfig).filter((key) => key !== 'NetworkMode').filter((key) => JSON.stringify(HostConfig[key]) !== JSON.stringify(app.HostConfig[key])) // prettier-ignore
    assert.deepEqual(differs.sort(), ['CpuQuota', 'LogConfig', 'Memory', 'MemorySwap'])
    assert.deepEqual([HostConfig.Memory, HostConfig.CpuQuota], [64 * 2 ** 20, 50_000])
    assert.equal((await harness.engine.list()).length, 1, 'it is not the preview’s')
    const text = await said(talk, 'through\n')
    assert.match(text, /^entry .*\n1 yes red 65534 \/www\nthrough\nhello\nwrong\n$/)
    assert.deepEqual(await talk.ended, { why: 'exited', code: 9 })
    assert.deepEqual(await runs(), [])
    assert.match(harness.store.history('red', 1)[0]?.detail ?? '', /^run busybox, \d+ s, status 9$/)
  })

  test('more than a container may take is refused with how much that is', async () => {
    await assert.rejects(run({ memory: '64g' }), /memory=64g is too much: a container here may take at most 2g\.$/)
    await assert.rejects(run({ cpus: '64' }), /cpus=64 is too much/)
    await assert.rejects(run({ memory: 'lots' }), /memory='lots' cannot be used: write an amount/)
    assert.deepEqual(await runs(), [])
  })

  test('a run has a terminal and signals, and ends with its client, with Lotan and with the preview', async () => {
    const waits = `trap 'echo got it; exit 3' INT; while :; do /bin/busybox stty size; /bin/busybox sleep 0.1; done`
    const talk = await run({ command: ['/bin/busybox', 'sh', '-c', waits], terminal: { columns: 97, rows: 31 } })
    let text = ''
    talk.output.on('data', (part: Buffer) => (text += part.toString()))
    await until('it has its size', () => text.includes('31 97'))
    talk.signal('INT')
    assert.deepEqual(await talk.ended, { why: 'exited', code: 3 })
    assert.match(text, /got it/)

    const sleeps = ['/bin/busybox', 'sleep', '1000']
    const client = new AbortController()
    const left = await run({ command: sleeps }, client.signal)
    client.abort()
    assert.deepEqual(await left.ended, { why: 'closed' })
    assert.deepEqual(await runs(), [])
    const killed = await run({ command: sleeps })
    await endLeftSessions(harness.context, new AbortController().signal)
    assert.deepEqual(await runs(), [])
    await killed.ended
    const stopped = await run({ command: sleeps })
    await harness.ask('red', { type: 'stop', why: 'asked' })
    assert.deepEqual(await stopped.ended, { why: 'stopped' })
    assert.deepEqual(await runs(), [])
  })

  test('an image without a shell has one beside it, as its own user; and its own once it has a link that leads to one', async () => {
    const inPlain = async (command: CommandAsk['command']) => {
      const ask = { command, terminal: null, env: ['A=1'] }
      const talk = await enterCommand(harness.context, asked('exec', 'plain'), ask, () => {}, new AbortController().signal) // prettier-ignore
      return said(talk)
    }
    assert.equal(await inPlain('echo $0 $A $(id -u):$(id -g); ls /proc/1/root/www'), 'sh 1 65534:65534\nindex.html\n')
    assert.equal(await inPlain(['/bin/busybox', 'echo', 'its own program']), 'its own program\n')
    const { container } = (await harness.untilState('plain', 'running')).generation
    const links = 'ln -s nothing /bin/bash; ln -s bin /usr; ln -s busybox /bin/link; ln -s ../usr/link /bin/sh'
    const made = await harness.engine.startCommand(container, { command: ['/bin/busybox', 'sh', '-c', links.replaceAll('ln', '/bin/busybox ln')], terminal: null, user: '0:0' }) // prettier-ignore
    made.errors?.resume()
    assert.equal((await readAll(made.output)).toString(), '')
    assert.equal(await inPlain('echo $0 $A'), '/bin/sh 1\n')
  })

  const talksOf = (ask: Partial<CommandAsk>, left: AbortSignal) => enterCommand(harness.context, asked(ask.command ? 'exec' : 'shell', 'talks'), { command: null, terminal: { columns: 80, rows: 24 }, env: [], ...ask }, () => {}, left) // prettier-ignore

  test('a program that talks on its terminal is up without HTTP, and goes on when its visitor leaves', async () => {
    // Other clients of the engine leave by these keys. Here a program has them.
    const detaches = '\x10\x11'
    const reads = await talksOf({ command: ['/bin/busybox', 'sh', '-c', 'read -r line; echo "<$line>"'] }, new AbortController().signal) // prettier-ignore
    reads.input.write(`${detaches}there\n`)
    assert.match((await readAll(reads.output)).toString(), /there>/)
    assert.deepEqual(await reads.ended, { why: 'exited', code: 0 })
    const first = new AbortController()
    for (const left of [first, new AbortController()]) {
      const talk = await talksOf({}, left.signal)
      let text = ''
      talk.output.on('data', (part: Buffer) => (text += part.toString()))
      talk.input.write(detaches + 'hello\n')
      await until('it answers', () => text.includes('hello>'))
      assert.equal(harness.store.shellSessions.list()[0]?.kind, 'attach')
      if (left === first) left.abort()
      else talk.input.write('end\n')
      assert.deepEqual(await talk.ended, { why: left === first ? 'closed' : 'stopped' })
    }
    const { took } = harness.store.get('talks')!
    assert.ok((took.start ?? 0) >= 200, `it has run for a moment: ${took.start}`)
  })
})
