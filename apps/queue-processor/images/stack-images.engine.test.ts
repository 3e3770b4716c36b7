/** Images of services: known before the layers, pulled side by side with the tag's own, and removed with the last preview. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { docker, imagesBelow, removeByHand, removeImageByHand, tagByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { RegistryError } from '../../shared/registry/registry.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { countQuestions } from '../../testing/registries/counting-proxy.ts'
import { login, startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { assertForwards, noteProgress } from '../../testing/registries/progress.ts'
import { openGate } from '../../testing/registries/throttle.ts'
import { openHarness, type Harness } from '../harness.ts'

const stackOf = (services: Record<string, string>) =>
  JSON.stringify({ services: Object.fromEntries(Object.entries(services).map(([name, image]) => [name, { image }])) })

/** The host is that of a proxy in front of the registry, where there is one. */
async function open(
  t: TestContext,
  {
    proxy = (port: number) => Promise.resolve({ port }),
    isStarted = true,
    env = {},
  }: {
    proxy?: (port: number) => Promise<{ port: number; close?(): unknown }>
    isStarted?: boolean
    env?: Record<string, string>
  } = {},
) {
  const registry = await startImageRegistry()
  t.after(() => registry.close())
  const front = await proxy(registry.port)
  t.after(() => front.close?.())
  const host = `127.0.0.1:${front.port}`
  const harness = await openHarness(`${host}/todowrangler`, env)
  t.after(async () => {
    await harness.close()
    for (const name of await imagesBelow(`${host}/`)) await removeImageByHand(name)
  })
  if (isStarted) harness.startWorker()
  return { registry, harness, host }
}

async function publish(
  { repository }: Registry,
  image: string,
  labels: Record<string, string> = {},
  ballast: number | number[] = 0,
) {
  const at = `${repository.slice(0, repository.indexOf('/'))}/${image}`
  await publishSmall(at, image, { labels, ballast })
}

const has = async (name: string) => (await imagesBelow(name)).length > 0

const states = ({ store }: Harness, tag: string) =>
  Object.fromEntries(store.services.of(tag).map(({ name, state }) => [name, state]))

async function comesUp(harness: Harness, tag: string) {
  await harness.ask(tag, { type: 'start', by: 'admin' })
  return harness.untilState(tag, 'running')
}

async function sleeps(harness: Harness, tag: string) {
  await harness.ask(tag, { type: 'stop', why: 'asked' })
  return harness.untilState(tag, 'stopped')
}

async function isRemoved(harness: Harness, tag: string) {
  await harness.ask(tag, { type: 'remove' })
  await until(`${tag} is removed`, () => harness.store.get(tag) === undefined, { within: 30_000 })
}

describe('images of services', { timeout: 300_000 }, () => {
  test('a stack that cannot be used is told before a layer is fetched', async (t) => {
    let counted: Awaited<ReturnType<typeof countQuestions>> | undefined
    const { registry, harness } = await open(t, { proxy: async (port) => (counted = await countQuestions(port)) })
    const stack = 'services:\n  db:\n    image: postgres:16\n    privileged: true\n    ports: [5432]\n'
    await publish(registry, 'todowrangler:bad', { 'lotan.stack': stack })
    await publish(registry, 'todowrangler:long', { 'lotan.stack': `services: {}\n${'#'.repeat(16_384)}` })
    await harness.ask('bad', { type: 'start', by: 'admin' })
    const { reason, image } = await harness.untilState('bad', 'failed')
    assert.equal(reason.code, 'bad-stack')
    assert.match(reason.detail, /^line 4, services\.db\.privileged: .+\nline 5, services\.db\.ports: /)
    assert.equal(image, null)
    await harness.ask('long', { type: 'start', by: 'admin' })
    assert.match((await harness.untilState('long', 'failed')).reason.detail, /longer than 16 kB/)
    const blobs = counted!.asked.filter(({ path }) => path.includes('/blobs/')).map(({ path }) => path)
    assert.equal(blobs.length, 2, `the configurations alone: ${blobs.join(' ')}`)
  })

  test('are pulled side by side with the tag’s own, what is told of it never goes back, and rows name them at once', async (t) => {
    let gate: Awaited<ReturnType<typeof openGate>> | undefined
    const { registry, harness, host } = await open(t, { proxy: async (port) => (gate = await openGate(port)) })
    const images = { db: `${host}/db:16`, mail: `${host}/mail` }
    await publish(registry, 'db:16', {}, [300, 200])
    await publish(registry, 'mail:latest', {}, 500)
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf(images) }, 400)
    gate!.narrow(60_000)
    const told = noteProgress(harness.store, 'red')
    await harness.ask('red', { type: 'start', by: 'admin' })
    const trickles = (what: string, fact: () => boolean) =>
      until(what, () => (gate!.trickle(60_000), fact()), { within: 60_000, every: 50 })
    await trickles('the rows are there', () => harness.store.services.of('red').length === 2)
    assert.equal(harness.state('red'), 'pulling')
    assert.deepEqual(
      harness.store.services.of('red').map(({ name, state, image, imageId }) => ({ name, state, image, imageId })),
      Object.entries(images).map(([name, image]) => ({ name, state: 'waiting', image, imageId: null })),
    )
    await trickles('it runs', () => harness.state('red') === 'running')
    told.stop()
    assertForwards(told.seen)
    const most = told.seen.at(-1)!
    assert.ok(most.total > 1_400_000, `of all images: ${JSON.stringify(most)}`)
    const together = told.seen.filter(({ layers, percent }) => layers === most.layers && percent > 0 && percent < 50)
    assert.ok(together.length > 0, `all at once: ${JSON.stringify(told.seen)}`)
    for (const { name, imageId, digest } of harness.store.services.of('red')) {
      const found = await harness.engine.findImage(name === 'db' ? images.db : `${images.mail}:latest`)
      assert.deepEqual([imageId, digest], [found?.id, found?.digest])
    }
    const listed = harness.store.serviceImages.list().map(({ image }) => image)
    assert.deepEqual(listed.sort(), [images.db, `${images.mail}:latest`])
  })

  test('one that was removed by hand is pulled alone; with all here a registry that is down hinders no start', async (t) => {
    const { registry, harness, host } = await open(t)
    const db = `${host}/db:16`
    await publish(registry, 'db:16')
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf({ db }) })
    await publish(registry, 'todowrangler:plain')
    for (const tag of ['plain', 'red']) {
      await comesUp(harness, tag)
      await sleeps(harness, tag)
    }
    let lists = 0
    const { engine } = harness.deps
    harness.deps.engine = { ...engine, listImages: () => (lists++, engine.listImages()) }
    await registry.stop()
    await comesUp(harness, 'plain')
    assert.equal(lists, 0, 'it has no stack')
    await comesUp(harness, 'red')
    assert.equal(lists, 0, 'its container of db was kept')
    const [{ container } = { container: null }] = harness.store.services.of('red')
    await sleeps(harness, 'red')
    await removeByHand(container!)
    await removeImageByHand(db)
    await harness.ask('red', { type: 'start', by: 'admin' })
    const { reason, image } = await harness.untilState('red', 'failed')
    assert.deepEqual([reason.code, reason.service], ['registry-down', 'db'])
    assert.ok(image, 'its own image stays')
    await registry.start()
    await comesUp(harness, 'red')
    assert.ok(await has(db))
  })

  test('they go with the last preview that names them, and what another program pulled or names stays', async (t) => {
    const { registry, harness, host } = await open(t)
    const [db, mail, own] = [`${host}/db:16`, `${host}/mail:1`, `${host}/own:1`]
    for (const image of ['db:16', 'mail:1', 'own:1']) await publish(registry, image)
    await docker('POST', `/images/create?fromImage=${host}/own&tag=1`)
    const stacks: Record<string, Record<string, string>> = { red: { db, mail, own }, green: { db, own } }
    for (const [tag, services] of Object.entries(stacks))
      await publish(registry, `todowrangler:${tag}`, { 'lotan.stack': stackOf(services) })
    await comesUp(harness, 'red')
    await comesUp(harness, 'green')
    await isRemoved(harness, 'red')
    await until('the mail catcher’s image is gone', async () => !(await has(mail)))
    assert.ok(await has(db), 'another preview has it')
    await tagByHand(db, `${host}/kept:1`)
    await isRemoved(harness, 'green')
    await until('its name is gone', async () => !(await has(db)))
    assert.ok(await has(own), 'another program pulled it')
    assert.ok(await has(`${host}/kept:1`), 'another program has named it')
    assert.deepEqual(harness.store.serviceImages.list(), [])
  })

  test('a new push brings newer images of names that move; the old ones go when no preview has them any more', async (t) => {
    const { registry, harness, host } = await open(t)
    const db = `${host}/db:16`
    await publish(registry, 'db:16', {}, 1)
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf({ db }), n: '1' })
    await publish(registry, 'todowrangler:green', { 'lotan.stack': stackOf({ db }) })
    await comesUp(harness, 'red')
    await comesUp(harness, 'green')
    const old = harness.store.services.of('red')[0]!.imageId!
    await sleeps(harness, 'red')
    await publish(registry, 'db:16', {}, 2)
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf({ db }), n: '2' })
    await harness.ask('red', { type: 'refresh' })
    await comesUp(harness, 'red')
    const newer = harness.store.services.of('red')[0]!.imageId!
    assert.notEqual(newer, old)
    assert.equal(harness.store.services.of('green')[0]!.imageId, old, 'another preview keeps what it began with')
    assert.deepEqual(await harness.engine.namesOf(old), [], 'it has lost its name')
    await isRemoved(harness, 'green')
    await until('the old one is gone', async () => (await harness.engine.namesOf(old)) === undefined)
    assert.ok(await has(db), 'the newer one stays')
  })

  test('what a Lotan that was killed has left goes as the next one starts', async (t) => {
    const { registry, harness, host } = await open(t, { isStarted: false })
    await publish(registry, 'db:16')
    await harness.engine.pull(`${host}/db:16`)
    const { id, digest } = (await harness.engine.findImage(`${host}/db:16`))!
    harness.store.serviceImages.note({ id, image: `${host}/db:16`, digest })
    harness.startProcess()
    await until('it is gone', async () => (await harness.engine.namesOf(id)) === undefined, { within: 20_000 })
  })

  test('a pull that is given up in the middle leaves nothing', async (t) => {
    let gate: Awaited<ReturnType<typeof openGate>> | undefined
    const { registry, harness, host } = await open(t, { proxy: async (port) => (gate = await openGate(port)) })
    const images = { db: `${host}/db:16`, mail: `${host}/mail:1` }
    await publish(registry, 'db:16', {})
    await publish(registry, 'mail:1', {}, 2_000)
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf(images) }, 2_000)
    gate!.narrow(100_000)
    await harness.ask('red', { type: 'start', by: 'admin' })
    const isHalf = async () => {
      gate!.trickle(100_000)
      return (await has(images.db)) && harness.store.serviceImages.list().length === 1
    }
    await until('the small one is here', isHalf, { within: 60_000, every: 50 })
    assert.equal(harness.state('red'), 'pulling')
    await harness.ask('red', { type: 'stop', why: 'asked' })
    gate!.widen()
    const isGone = async () => !(await has(`${host}/`)) && harness.store.serviceImages.list().length === 0
    await until('all of it is gone', isGone, { within: 20_000 })
    await until('no row waits', () => !Object.values(states(harness, 'red')).includes('waiting'))
  })

  test('one that does not come names its service and ends the others; the login of its registry is found as for the tag’s own', async (t) => {
    const { registry, harness, host } = await open(t)
    await publish(registry, 'db:16')
    const lacking = stackOf({ db: `${host}/db:16`, mail: `${host}/mail:none`, more: `${host}/db:16` })
    await publish(registry, 'todowrangler:lacking', { 'lotan.stack': lacking })
    await harness.ask('lacking', { type: 'start', by: 'admin' })
    const { reason: missing } = await harness.untilState('lacking', 'failed')
    assert.deepEqual([missing.code, missing.service], ['pull-failed', 'mail'])
    assert.match(missing.detail, new RegExp(`has no ${host}/mail:none`))
    assert.ok(!(await has(`${host}/`)), 'nothing was pulled')
    assert.deepEqual(states(harness, 'lacking'), { db: 'stopped', mail: 'failed', more: 'stopped' })
    const other = await startImageRegistry({ login: true })
    t.after(() => other.close())
    const [elsewhere] = other.repository.split('/') as [string]
    await publishSmall(`${elsewhere}/db:16`, 'db', {}, login)
    const stack = stackOf({ db: `${elsewhere}/db:16` })
    harness.config.stackImages = ['127.0.0.1*/*']
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stack })
    await harness.ask('red', { type: 'start', by: 'admin' })
    const { reason } = await harness.untilState('red', 'failed')
    assert.deepEqual([reason.code, reason.service], ['credentials', 'db'])
    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64')
    await fs.mkdir(harness.config.dockerConfig, { recursive: true })
    const config = JSON.stringify({ auths: { [elsewhere]: { auth } } })
    await fs.writeFile(path.join(harness.config.dockerConfig, 'config.json'), config)
    await comesUp(harness, 'red')
    assert.ok(await has(`${elsewhere}/db:16`))
    assert.ok(host !== elsewhere)
  })

  test('where the registry is read by the engine alone, the stack is known after the pull', async (t) => {
    const { registry, harness, host } = await open(t)
    const db = `${host}/db:16`
    const unreached = () => Promise.reject(new RegistryError('tls', 'not trusted here', { isUnreached: true }))
    const { registryOf, registryAt } = harness.deps
    harness.deps.registryOf = (id) => ({ ...registryOf(id), pullable: unreached, labels: unreached, layers: unreached })
    harness.deps.registryAt = (name) => ({ ...registryAt(name), pullable: unreached, layers: unreached })
    await publish(registry, 'db:16')
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf({ db }) })
    await publish(registry, 'todowrangler:bad', { 'lotan.stack': 'services: 7' })
    await comesUp(harness, 'red')
    assert.equal(harness.store.services.of('red')[0]!.imageId, (await harness.engine.findImage(db))?.id)
    await harness.ask('bad', { type: 'start', by: 'admin' })
    const { reason, image } = await harness.untilState('bad', 'failed')
    assert.deepEqual([reason.code, image !== null], ['bad-stack', true])
  })

  test('images ahead bring those of services too', async (t) => {
    const { registry, harness, host } = await open(t, { env: { LOTAN_PREPULL: 'red' } })
    await publish(registry, 'db:16')
    await publish(registry, 'todowrangler:red', { 'lotan.stack': stackOf({ db: `${host}/db:16` }) })
    harness.store.offer('', [{ tag: 'red', digest: null }])
    await harness.nudges.prepull('red')
    await harness.untilState('red', 'stopped')
    await until('its service is noted', () => harness.store.services.of('red').length === 1)
    const [row] = harness.store.services.of('red')
    assert.deepEqual([row!.state, row!.imageId !== null], ['stopped', true])
    await registry.stop()
    await comesUp(harness, 'red')
  })
})
