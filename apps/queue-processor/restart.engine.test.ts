/** The queue-processor killed in the middle of its work, or without an engine: it resumes from what it finds. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Event } from '../shared/preview/event.ts'
import type { In, Preview, QueuedPhase } from '../shared/preview/preview.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { assertForwards, noteProgress } from '../testing/registries/progress.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { openHarness, type Harness } from './harness.ts'

describe('a queue-processor that was killed', { timeout: 300_000 }, () => {
  const moments: [moment: string, reached: (preview: Preview) => boolean][] = [
    ['as soon as it has begun', (preview) => preview.state === 'starting' && preview.generation !== null],
    ['with its container made', (preview) => preview.state === 'starting' && !!preview.generation?.container],
    ['with its container running', (preview) => preview.state === 'starting' && preview.stages.waiting !== undefined],
  ]

  let registry: Registry
  let gate: Gate
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    await publishSmall(`${registry.repository}:big`, 'big', { ballast: 2_000 })
    const cmd = ['sh', '-c', '/bin/busybox sleep 1; exec /bin/busybox httpd -f -p 80 -h /www']
    for (let i = 0; i <= moments.length; i++) {
      await publishSmall(`${registry.repository}:late${i}`, 'late', { cmd })
    }
    for (const tag of ['new', 'guessed', 'listed']) {
      await publishSmall(`${registry.repository}:${tag}`, tag)
    }
    gate = await openGate(registry.port)
    harness = await openHarness(`127.0.0.1:${gate.port}/todowrangler`, { LOTAN_START_TIMEOUT_SECONDS: '10' })
  })
  after(async () => {
    await harness?.close()
    await gate?.close()
    await registry?.close()
  })

  test('during a pull, pulls again, and what was told of it is not taken back', async () => {
    gate.narrow(100_000)
    const first = harness.startProcess()
    const told = noteProgress(harness.store, 'big')
    const trickles = (what: string, fact: () => boolean) =>
      until(what, () => (gate.trickle(100_000), fact()), { within: 60_000, every: 100 })
    try {
      await harness.click('big')
      await trickles('the pull is on its way', () => told.seen.some(({ bytes }) => bytes > 1_000_000))
      await first.end('SIGKILL')
      const before = told.seen.length
      const second = harness.startProcess()
      await trickles('it runs', () => harness.state('big') === 'running')
      assert.ok(told.seen.length > before, 'the second one told of nothing')
      assertForwards(told.seen)
      assert.equal((await harness.containers('big')).length, 1)
      assert.equal(harness.store.get('big')?.image?.pulled, true)
      await second.end('SIGKILL')
    } finally {
      told.stop()
      gate.widen()
    }
  })

  for (const [i, [moment, reached]] of moments.entries())
    test(`during a start, ${moment}, goes on with it`, async () => {
      const tag = `late${i}`
      const first = harness.startProcess()
      await harness.click(tag)
      await until(moment, () => reached(harness.store.get(tag)!), { every: 2 })
      await first.end('SIGKILL')
      const second = harness.startProcess()
      const { generation } = await harness.untilState(tag, 'running')
      const containers = await harness.containers(tag)
      assert.deepEqual(
        containers.map(({ id }) => id),
        [generation.container],
      )
      await second.end('SIGKILL')
    })

  test('in any phase of what is queued, goes on from there', async () => {
    const visit: Event = { type: 'start', by: 'visit' }
    const absent = (isOffered: boolean): Event => ({ type: 'absent', isOffered })
    const comesUp = async (left: [tag: string, phase: QueuedPhase, ...events: Event[]][]) => {
      for (const [tag, phase, ...events] of left) {
        for (const event of events) harness.store.apply(tag, event)
        assert.equal((harness.store.get(tag) as In<'queued'>).phase, phase)
      }
      const child = harness.startProcess()
      for (const [tag] of left) {
        const { generation } = await harness.untilState(tag, 'running')
        // One that it kept from before a pull is a stray until the reaper has it removed.
        const running = (await harness.containers(tag)).filter((container) => container.running)
        assert.deepEqual(running.map(({ id }) => id), [generation.container]) // prettier-ignore
      }
      return child
    }
    const first = await comesUp([
      ['new', 'findImage', visit],
      ['guessed', 'lookup', visit, absent(false)],
      ['listed', 'pull', visit, absent(true)],
    ])
    for (const tag of ['new', 'guessed', 'listed']) await harness.ask(tag, { type: 'stop', why: 'asked' })
    for (const tag of ['new', 'guessed', 'listed']) await harness.untilState(tag, 'stopped')
    await first.end('SIGKILL')
    const second = await comesUp([
      ['new', 'start', visit],
      ['guessed', 'checkUpdate', visit, { type: 'refresh' }],
      ['listed', 'pull', visit, { type: 'refresh' }, { type: 'exists' }],
    ])
    await second.end('SIGKILL')
  })

  test('during a drain, finishes it', async () => {
    await harness.ask('big', { type: 'stop', why: 'asked' })
    const first = harness.startProcess()
    await until('it is ready', () => first.output().includes('queue-processor is ready'))
    await first.end('SIGKILL')
    const second = harness.startProcess()
    await harness.untilState('big', 'stopped')
    assert.equal((await harness.containers('big'))[0]?.running, false)
    await second.end('SIGKILL')
  })

  test('leaves running containers alone when it is told to end, and ends within a second', async () => {
    const child = harness.startProcess()
    await harness.click('big')
    await harness.untilState('big', 'running')
    await harness.click(`late${moments.length}`)
    await harness.untilState(`late${moments.length}`, 'starting')
    assert.ok((await child.end('SIGTERM')) < 1_000)
    assert.equal((await harness.containers('big'))[0]?.running, true)
  })
})

test('without an engine the queue-processor says so, and works once it is there', { timeout: 300_000 }, async () => {
  const harness = await openHarness('127.0.0.1:1/todowrangler', { DOCKER_HOST: 'unix:///nonexistent/docker.sock' })
  try {
    const child = harness.startProcess()
    await harness.click('red')
    await until('it waits for the engine', () => {
      const red = harness.store.get('red')
      return red?.state === 'queued' && red.reason?.code === 'engine-down'
    })
    await until('it says so', () => child.output().includes('network not ready'))
    assert.ok((await child.end('SIGTERM')) < 1_000)
  } finally {
    await harness.close()
  }
})
