/** Services on a real engine: how they come up, end, and are kept running. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { docker, kill, removeByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { openHarness, type Harness } from '../harness.ts'

/** A service that says what it does, is healthy after a moment, and takes a moment to end. */
const steady = `trap 'echo ends; sleep 0.3; exit 0' TERM; echo begins; touch /ready; while :; do sleep 0.1; done`

describe('services of a stack', { timeout: 300_000 }, () => {
  let registry: Registry
  let harness: Harness
  let image: string

  before(async () => {
    registry = await startImageRegistry()
    image = `${registry.repository}-part:1`
    await buildSmall(image, 'part')
    harness = await openHarness(registry.repository, { LOTAN_START_TIMEOUT_SECONDS: '20', LOTAN_SANDBOXES: '2' })
    harness.startWorker()
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  const shell = (script: string) => JSON.stringify(['/bin/busybox', 'sh', '-c', script])
  const ready = 'healthcheck: { test: [CMD, /bin/busybox, test, -f, /ready], interval: 1s, retries: 3 }'

  async function publish(tag: string, stack: string): Promise<void> {
    await publishSmall(`${registry.repository}:${tag}`, tag, { labels: { 'lotan.stack': stack } })
  }

  const states = (tag: string) =>
    Object.fromEntries(harness.store.services.of(tag).map(({ name, state }) => [name, state]))
  const services = (tag: string) => harness.engine.listServices(tag)
  const startedAt = async (id: string) =>
    Date.parse((await docker<{ State: { StartedAt: string } }>('GET', `/containers/${id}/json`)).State.StartedAt)

  test('they come up in their order, and the application last', async () => {
    await publish(
      'order',
      `services:
  app: { depends_on: { migrate: { condition: service_completed_successfully }, cache: { condition: service_started } } }
  db: { image: ${image}, command: ${shell(`sleep 0.5; ${steady}`)}, ${ready} }
  migrate: { image: ${image}, command: ${shell('echo migrated')}, depends_on: { db: { condition: service_healthy } } }
  cache: { image: ${image}, command: ${shell(steady)} }
`,
    )
    await harness.click('order')
    const { generation } = await harness.untilState('order', 'running')
    assert.deepEqual(states('order'), { db: 'running', migrate: 'done', cache: 'running' })
    const all = new Map((await services('order')).map(({ service, id }) => [service, id]))
    const at = async (name: string) => startedAt(all.get(name)!)
    assert.ok((await at('migrate')) > (await at('db')) + 500)
    assert.ok((await startedAt(generation.container)) > (await at('migrate')))
    assert.ok((await at('cache')) < (await at('migrate')), 'what waits for nothing starts at once')
  })

  test('a stop ends the application, then services in reverse; the next start takes their containers again', async () => {
    const before = await services('order')
    await harness.ask('order', { type: 'stop', why: 'asked' })
    await harness.untilState('order', 'stopped')
    assert.deepEqual(states('order'), { db: 'stopped', migrate: 'stopped', cache: 'stopped' })
    const after = await services('order')
    assert.ok(after.every(({ running }) => !running))
    await harness.click('order')
    await harness.untilState('order', 'running')
    assert.deepEqual(states('order'), { db: 'running', migrate: 'done', cache: 'running' })
    const ids = (all: { id: string }[]) => all.map(({ id }) => id).sort()
    assert.deepEqual(ids(await services('order')), ids(before))
  })

  test('a service that was killed is started again, and its application is left alone', async () => {
    const { generation } = await harness.untilState('order', 'running')
    const db = (await services('order')).find(({ service }) => service === 'db')!
    await kill(db.id)
    await harness.nudges.tend('order')
    await until('its end is known', () => states('order').db === 'restarting')
    await until('it runs again', () => states('order').db === 'running')
    const again = (await services('order')).find(({ service }) => service === 'db')!
    assert.equal(again.id, db.id)
    assert.equal(again.status, 'running')
    assert.equal((await harness.untilState('order', 'running')).generation.container, generation.container)
  })

  test('one that was removed by hand is made anew', async () => {
    const cache = (await services('order')).find(({ service }) => service === 'cache')!
    await removeByHand(cache.id)
    await harness.nudges.tend('order')
    await until('it runs again', async () =>
      (await services('order')).some(
        ({ service, id, status }) => service === 'cache' && id !== cache.id && status === 'running',
      ),
    )
  })

  test('after a lost database those that run are known again, and left alone', async () => {
    const before = await services('order')
    const { generation } = await harness.untilState('order', 'running')
    for (const { name } of harness.store.services.of('order')) harness.store.services.remove('order', name)
    await harness.nudges.tend('order')
    await until('all are known', () => isDeepStrictEqual(states('order'), { db: 'running', migrate: 'done', cache: 'running' })) // prettier-ignore
    const started = ({ id, status }: { id: string; status: string }) => `${id} ${status}`
    assert.deepEqual((await services('order')).map(started).sort(), before.map(started).sort())
    assert.equal((await harness.untilState('order', 'running')).generation.container, generation.container)
  })

  test('a removal leaves nothing', async () => {
    await harness.ask('order', { type: 'remove' })
    await harness.untilState('order', 'unknown')
    assert.deepEqual(await services('order'), [])
    assert.deepEqual(harness.store.services.of('order'), [])
    assert.equal(harness.store.stackNetworks.of('order'), undefined)
    assert.deepEqual((await harness.engine.listStackNetworks()).own, [])
  })

  test('a service that ends fails the start, with its last lines', async () => {
    await publish('ends', `services:\n  app: { depends_on: { db: { condition: service_healthy } } }\n  db: { image: ${image}, command: ${shell('echo no disk; exit 3')}, ${ready} }\n  cache: { image: ${image}, command: ${shell(steady)} }\n`) // prettier-ignore
    await harness.click('ends')
    const { reason } = await harness.untilState('ends', 'failed')
    const { code, service, exitCode, output } = reason
    assert.deepEqual({ code, service, exitCode, output }, { code: 'service-exited', service: 'db', exitCode: 3, output: ['no disk'] }) // prettier-ignore
    await until('the others are stopped', async () => (await services('ends')).every(({ running }) => !running))
    assert.equal((await services('ends')).length, 2, 'for their logs')
    assert.equal(states('ends').db, 'failed')
    assert.deepEqual(await harness.containers('ends'), [])
  })

  test('a service that never becomes healthy fails the start by its own retries', async () => {
    const check =
      'healthcheck: { test: [CMD, /bin/busybox, sh, -c, "echo not yet; exit 1"], interval: 300ms, retries: 2 }'
    await publish(
      'sick',
      `services:
  app: { depends_on: { db: { condition: service_healthy } } }
  db: { image: ${image}, command: ${shell(`echo hello; ${steady}`)}, ${check} }
`,
    )
    await harness.click('sick')
    const { reason } = await harness.untilState('sick', 'failed')
    assert.equal(reason.code, 'service-unhealthy')
    assert.equal(reason.service, 'db')
    assert.ok(reason.after! >= 600 && reason.after! < 10_000, String(reason.after))
    assert.deepEqual(reason.output, ['hello', 'begins', 'healthcheck: not yet'])
  })

  const one = (more = '') => `services:
  app: { depends_on: { db: { condition: service_healthy } } }
  db: { image: ${image}, command: ${shell(steady)}, ${ready}${more} }
`
  const db = async (tag: string) => (await services(tag)).find(({ service }) => service === 'db')!

  test('a preview is frozen with its services, and woken with them', async () => {
    await publish('pair', one())
    await harness.click('pair')
    const { generation } = await harness.untilState('pair', 'running')
    await harness.ask('pair', { type: 'pause' })
    await until('all are frozen', () => states('pair').db === 'paused')
    assert.equal((await db('pair')).status, 'paused')
    await harness.ask('pair', { type: 'start', by: 'visit' })
    const woken = await harness.untilState('pair', 'running')
    assert.equal(woken.generation.container, generation.container)
    assert.deepEqual([(await db('pair')).status, states('pair').db], ['running', 'running'])
  })

  async function push(tag: string, stack: string): Promise<void> {
    const { generation } = await harness.untilState(tag, 'running')
    await publishSmall(`${registry.repository}:${tag}`, `${tag} again`, { labels: { 'lotan.stack': stack } })
    const digest = (await harness.deps.registryOf(tag).digestOf(tag, undefined))!
    const refreshed = harness.store.apply(tag, { type: 'refresh', digest })!
    await harness.nudges.refresh(refreshed)
    await until('another generation serves, or the newer image does not come', () => {
      const now = harness.store.get(tag)
      if (now?.state !== 'running' || now.retiring.length > 0 || now.pending) return false
      return now.generation.container !== generation.container || Boolean(now.update?.failure)
    })
  }

  test('what a restart left behind as the engine went away goes while its preview sleeps', async () => {
    await publish('left', `services: { app: {}, db: { image: ${image}, command: ${shell(steady)} } }`)
    await harness.click('left')
    await harness.untilState('left', 'running')
    await harness.ask('left', { type: 'stop', why: 'asked' })
    await harness.untilState('left', 'stopped')
    const [db] = await services('left')
    const { Config } = await docker<{ Config: { Image: string; Labels: Record<string, string> } }>('GET', `/containers/${db!.id}/json`) // prettier-ignore
    const { Id: left } = await docker<{ Id: string }>('POST', '/containers/create', { Image: Config.Image, Labels: { ...Config.Labels, 'lotan.generation': '7' } }) // prettier-ignore
    await harness.nudges.sweep('left')
    await until('it is gone', async () => !(await services('left')).some(({ id }) => id === left))
    assert.deepEqual((await services('left')).map(({ id }) => id), [db!.id]) // prettier-ignore
  })

  test('a newer image with the same services is swapped in beside them', async () => {
    const before = await db('pair')
    const began = await startedAt(before.id)
    await push('pair', one())
    assert.equal((await db('pair')).id, before.id)
    assert.equal(await startedAt(before.id), began, 'the service was not started again')
    assert.match(JSON.stringify(harness.store.history('pair', 100)), /"replace"/)
  })

  test('a newer image whose stack cannot be used does not come, and the older one goes on', async () => {
    const { generation } = await harness.untilState('pair', 'running')
    await push('pair', one().replace('healthcheck:', 'privileged: true, healthcheck:'))
    const now = await harness.untilState('pair', 'running')
    assert.equal(now.generation.container, generation.container)
    assert.equal(now.update?.failure?.code, 'bad-stack')
    assert.match(now.update.failure.detail, /privileged/)
    assert.equal((await db('pair')).status, 'running')
  })

  test('a newer image with other services restarts the preview, and what it dropped goes', async () => {
    const before = await db('pair')
    await push('pair', one().replace('services:', `services:\n  cache: { image: ${image}, command: ${shell(steady)} }`))
    assert.deepEqual(states('pair'), { cache: 'running', db: 'running' })
    assert.equal((await db('pair')).id, before.id, 'nothing has changed for it')
    await publishSmall(`${registry.repository}:pair`, 'bare')
    await push('pair', one())
    assert.deepEqual(states('pair'), { db: 'running' })
    assert.deepEqual(
      (await services('pair')).map(({ service }) => service),
      ['db'],
    )
    await harness.ask('pair', { type: 'remove' })
    await harness.untilState('pair', 'unknown')
  })
})

test(
  'a start that a crash of the process has interrupted goes on with the services that run',
  { timeout: 60_000 },
  async (t) => {
    const registry = await startImageRegistry()
    t.after(() => registry.close())
    const image = `${registry.repository}-part:1`
    await buildSmall(image, 'part')
    const harness = await openHarness(registry.repository, { LOTAN_START_TIMEOUT_SECONDS: '20' })
    t.after(() => harness.close())
    const run = (script: string) => JSON.stringify(['/bin/busybox', 'sh', '-c', script])
    const stack = `services:
  app: { depends_on: { db: { condition: service_healthy } } }
  db: { image: ${image}, command: ${run('sleep 3; touch /ready; sleep 1000')}, healthcheck: { test: [CMD, /bin/busybox, test, -f, /ready] } }
`
    await publishSmall(`${registry.repository}:red`, 'red', { labels: { 'lotan.stack': stack } })
    const first = harness.startProcess()
    await until('it is ready', () => first.output().includes('queue-processor is ready'))
    await harness.click('red')
    await until('the service has begun', () => harness.store.services.get('red', 'db')?.state === 'starting')
    await first.end('SIGKILL')
    const [before] = await harness.engine.listServices('red')
    harness.startProcess()
    await harness.untilState('red', 'running')
    const [after] = await harness.engine.listServices('red')
    assert.equal(after!.id, before!.id)
    assert.deepEqual(
      harness.store.services.of('red').map(({ state }) => state),
      ['running'],
    )
  },
)
