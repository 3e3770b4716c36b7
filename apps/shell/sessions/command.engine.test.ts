/** Commands in previews, on a real engine. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { docker } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { enterCommand } from '../enter.ts'
import { anna, openHarness, type Harness } from '../harness.ts'
import { NoEntry } from '../no-entry.ts'
import { readAll } from '../streams.ts'
import { endLeftSessions } from './left-sessions.ts'
import type { CommandAsk } from './command.ts'

describe('a command in a preview', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { 'lotan.shell': '/bin/busybox sh' } })
    await publishSmall(`${registry.repository}:bare`, 'bare')
    harness = await openHarness(registry.repository)
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  const said: string[] = []
  async function begin(ask: Partial<CommandAsk>, tag = 'red', left = new AbortController().signal) {
    const asked = { preview: tag, service: null, kind: 'exec', program: null, via: 'api', actor: anna } as const
    const whole = { command: null, terminal: null, env: [], ...ask }
    return enterCommand(harness.context, asked, whole, (line) => said.push(line), left)
  }

  async function run(ask: Partial<CommandAsk>, input = '', tag = 'red') {
    const talk = await begin(ask, tag)
    talk.input.end(input)
    const [output, errors] = await Promise.all([readAll(talk.output), talk.errors ? readAll(talk.errors) : ''])
    return { end: await talk.ended, output: output.toString(), errors: errors.toString() }
  }

  /** As the engine sees the container. */
  async function processes(): Promise<string[]> {
    const { container } = (await harness.untilState('red', 'running')).generation
    const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${container}/top?ps_args=-eo%20pid,args`) // prettier-ignore
    return Processes.map((columns) => columns.join(' '))
  }

  test('wakes it, says how far it is, and keeps output, errors and status apart', async () => {
    const { end, output, errors } = await run(
      { command: '/bin/busybox cat; echo wrong >&2; exit 7' },
      'through and through',
    )
    assert.deepEqual(end, { why: 'exited', code: 7 })
    assert.deepEqual([output, errors], ['through and through', 'wrong\n'])
    assert.ok(said.some((line) => line.startsWith('pulling')) && said.some((line) => line.startsWith('starting')), said.join()) // prettier-ignore
    const [told] = harness.store.history('red', 1)
    assert.equal(told?.who, 'anna')
    assert.match(told?.detail ?? '', /^exec busybox, \d+ s, status 7$/)
    assert.deepEqual(harness.store.shellSessions.list(), [])
  })

  test('has the terminal’s size, and a new one at once', async () => {
    const script = 'while read line; do /bin/busybox stty size; done'
    const talk = await begin({ command: script, terminal: { columns: 97, rows: 31 } })
    let text = ''
    talk.errors?.resume()
    talk.output.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const hasSize = (size: string) => {
      talk.input.write('\n')
      return text.includes(size)
    }
    await until('it has the first size', () => hasSize('31 97'), { within: 10_000, every: 200 })
    talk.resize({ columns: 40, rows: 12 })
    await until('it has the second size', () => hasSize('12 40'), { within: 10_000, every: 200 })
    talk.input.write('\x04')
    assert.deepEqual(await talk.ended, { why: 'exited', code: 0 })
  })

  test('leaves no process behind when its client vanishes, whatever it has started', async () => {
    const client = new AbortController()
    const script = `trap '' TERM HUP; /bin/busybox sleep 4711 & /bin/busybox setsid /bin/busybox sleep 4712 & echo up; while :; do /bin/busybox sleep 4713; done`
    const talk = await begin({ command: script }, 'red', client.signal)
    await until(
      'they run',
      async () => (await processes()).filter((line) => / sleep 471[123]$/.test(line)).length === 3,
    )
    talk.errors?.resume()
    talk.output.resume()
    client.abort()
    assert.deepEqual(await talk.ended, { why: 'closed' })
    assert.deepEqual((await processes()).filter((line) => /471[123]/.test(line)), []) // prettier-ignore
  })

  test('is sent signals', async () => {
    const talk = await begin({
      command: `trap 'echo got it; exit 3' INT; echo up; while :; do /bin/busybox sleep 0.1; done`,
    })
    let text = ''
    talk.errors?.resume()
    talk.output.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await until('it waits', () => text.includes('up'))
    talk.signal('INT')
    assert.deepEqual(await talk.ended, { why: 'exited', code: 3 })
    assert.match(text, /got it/)
  })

  test('ends with its preview', async () => {
    const talk = await begin({ command: 'echo up; /bin/busybox sleep 1000' })
    talk.errors?.resume()
    talk.output.resume()
    await harness.ask('red', { type: 'stop', why: 'asked' })
    assert.deepEqual(await talk.ended, { why: 'stopped' })
  })

  test('of a process of Lotan that was killed is ended by the next one', async () => {
    const talk = await begin({ command: '/bin/busybox sleep 4714' })
    talk.errors?.resume()
    talk.output.resume()
    await until('it runs', async () => (await processes()).some((line) => line.includes('/bin/busybox sleep 4714')))
    await endLeftSessions(harness.context, new AbortController().signal)
    assert.ok(!(await processes()).some((line) => line.includes('4714')))
    await talk.ended
  })

  test('runs beside an image that has no shell, as part of its processes and with its files', async () => {
    const { end, output } = await run({ command: 'ls bin; ps -o args' }, '', 'bare')
    assert.deepEqual(end, { why: 'exited', code: 0 })
    assert.match(output, /^busybox\n/)
    assert.match(output, /busybox httpd/)
  })

  test('of a tag that there is not says so', async () => {
    await assert.rejects(begin({}, 'nowhere'), (error: NoEntry) => error instanceof NoEntry && error.problem === 'no-such-tag') // prettier-ignore
  })
})
