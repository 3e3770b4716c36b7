/** A tag that is pushed again: what runs is replaced without anybody noticing, what sleeps wakes with the new image. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { docker } from '../testing/harness/docker.ts'
import { publishSmall } from '../testing/images/publish.ts'
import type { Recipe } from '../testing/images/recipe.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { attest } from '../testing/images/upload.ts'
import { startVisits } from '../testing/clients/visits.ts'

const EVERY_MS = 1_800
/** nginx knows a route by heart for 2 s, uses it for 1 s more while it asks, and reckons in whole seconds. */
const BY_HEART_MS = 4_500

describe('a tag that is pushed again', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await push('app', 'v1')
    await push('asleep', 'v1')
    lotan = await startLotan({
      repository: registry.repository,
      env: { IMAGE_REFRESH_INTERVAL_MINUTES: String(EVERY_MS / 60_000), LOTAN_START_TIMEOUT_SECONDS: '5' },
    })
    assert.match((await lotan.request('app')).text, /<h1>v1/)
    assert.match((await lotan.request('asleep')).text, /<h1>v1/)
    await lotan.api('POST', '/previews/asleep/stop')
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('is replaced under load: no request fails, and the new one alone answers once the route has moved', async (t) => {
    const first = running()
    const visits = startVisits(lotan, 'app', { connections: 4, pause: 20 })
    try {
      await until('there are visits', () => visits.seen.length > 100)
      await push('app', 'v2')
      const moved = await until('the route moves', () => movedAt(first.generation.number), { within: 60_000 })
      await until('the old container is gone', async () => (await containers('app')).length === 1, { within: 60_000 })
      await sleep(500)
      const late = visits.seen.filter(({ at }) => at > moved + BY_HEART_MS)
      t.diagnostic(`${visits.seen.length} answers, ${late.length} of them late, ${visits.failed.length} failures`)
      assert.deepEqual(visits.failed, [])
      assert.ok(late.length > 100, `only ${late.length} answers came after it`)
      assert.deepEqual(
        late.filter(({ page }) => page !== 'v2'),
        [],
      )
      assert.ok(visits.seen.some(({ page }) => page === 'v1'))
    } finally {
      await visits.stop()
    }
    const now = running()
    assert.equal(now.generation.number, first.generation.number + 1)
    assert.notEqual(now.generation.slot, first.generation.slot)
    assert.deepEqual(now.retiring, [])
    assert.notEqual(now.image!.digest, first.image!.digest)
    await until('the older image is gone', async () => !(await images()).includes(first.image!.id))
    const { json } = await lotan.api('GET', '/previews/app')
    assert.equal(json.digest, now.image!.digest)
  })

  const notice = async () => (await lotan.api<{ notice: string | null }>('GET', '/previews/app')).json.notice

  test('and does not come up leaves the one before serving, with a notice, and is not tried again', async () => {
    const before = running()
    await push('app', 'v3', { cmd: ['sh', '-c', 'echo no such setting; exit 3'] })
    await until('the admin is told', notice, { within: 60_000 })
    assert.match((await notice())!, /A newer image was pushed, but .*; the one before serves on/)
    assert.match((await lotan.request('app')).text, /<h1>v2/)
    await until('its container is gone', async () => (await containers('app')).length === 1, { within: 60_000 })
    const { generations } = running()
    await sleep(2.5 * EVERY_MS)
    assert.equal(running().generations, generations)
    assert.deepEqual(running().generation, before.generation)
  })

  test('once more, and well, takes over', async () => {
    await push('app', 'v4')
    await until('it serves', async () => (await lotan.request('app')).text.includes('<h1>v4'), { within: 60_000 })
    await until('the notice is gone', async () => (await notice()) === null)
  })

  test('at once, when somebody asks for it', async () => {
    await push('app', 'v5')
    assert.equal((await lotan.api('POST', '/previews/app/refresh')).status, 202)
    await until('it serves', async () => (await lotan.request('app')).text.includes('<h1>v5'), { within: 60_000 })
    assert.equal((await lotan.api('POST', '/previews/nobody/refresh')).status, 404)
  })

  test('is what who waits for it after that gets, and nothing older from then on', async () => {
    await push('app', 'v6')
    await lotan.api('POST', '/previews/app/refresh')
    const late = await lotan.api('GET', '/previews/app/wait?timeout=0')
    assert.deepEqual([late.status, late.json.state], [504, 'running'])
    const { status, json } = await lotan.api('GET', '/previews/app/wait?timeout=60')
    assert.equal(status, 200)
    for (let i = 0; i < 20; i++) assert.match((await lotan.request('app')).text, /<h1>v6/)
    assert.equal(json.digest, running().image!.digest)
    assert.equal((await lotan.api('GET', '/previews/app/wait?timeout=0')).status, 200)
  })

  test('is what a start right after the asking for it has', async () => {
    await lotan.api('POST', '/previews/asleep/stop')
    await lotan.untilState('asleep', 'stopped', 40_000)
    await push('asleep', 'asked for')
    assert.equal((await lotan.api('POST', '/previews/asleep/refresh')).status, 202)
    const { status, json } = await lotan.api('GET', '/previews/asleep/wait?timeout=30')
    assert.equal(status, 200)
    assert.match((await lotan.request('asleep')).text, /<h1>asked for/)
    assert.equal(json.digest, lotan.store.get('asleep')!.image!.digest)
    await lotan.api('POST', '/previews/asleep/stop')
  })

  test('while it sleeps is pulled, and serves with the next start', async () => {
    await lotan.untilState('asleep', 'stopped', 40_000)
    const was = lotan.store.get('asleep')!.image!
    await push('asleep', 'v2')
    await until('it is here', () => lotan.store.get('asleep')!.image!.id !== was.id, { within: 60_000 })
    assert.equal(lotan.store.get('asleep')!.state, 'stopped')
    assert.match((await lotan.request('asleep')).text, /<h1>v2/)
    await until('what it was is gone', async () => !(await images()).includes(was.id), { within: 60_000 })
  })

  test('with the same image and another attestation has that digest, in the container that it has; and each tag of an image its own', async () => {
    const at = `localhost:${registry.port}/todowrangler`
    const { generation, image } = running()
    const was = image!.digest!
    const [first, other] = [await attest(at, was, 'app', 'first'), await attest(at, was, 'other', 'other')]
    const digestOf = async (tag: string) => (await lotan.api('GET', `/previews/${tag}`)).json.digest
    await until('the digest is the index’s', async () => (await digestOf('app')) === first, { within: 60_000 })
    assert.match((await lotan.request('other')).text, /<h1>v6/)
    assert.deepEqual([await digestOf('other'), await digestOf('app')], [other, first])
    const second = await attest(at, was, 'app', 'second')
    await until('so is the next one', async () => (await digestOf('app')) === second, { within: 60_000 })
    assert.deepEqual([running().generation, running().image!.id], [{ ...generation, digest: second }, image!.id])
    assert.equal(await digestOf('other'), other)
    assert.equal(lotan.store.history('app')[0]!.event, 'renewed')
    const { json } = await lotan.api<{ tag: string; digest: string }[]>('GET', '/tags')
    assert.deepEqual(
      json.filter(({ tag }) => tag === 'app' || tag === 'other').map(({ digest }) => digest),
      [second, other],
    )
  })

  /** Pushes from where Lotan's own copy is not touched: under another name of the same registry. */
  async function push(tag: string, page: string, recipe: Recipe = {}) {
    const reference = `localhost:${registry.port}/todowrangler:${tag}`
    await publishSmall(reference, page, recipe)
  }

  function running() {
    const preview = lotan.store.get('app')
    assert.ok(preview?.state === 'running', preview?.state)
    return preview
  }

  /** When the route of a generation went to the next one. */
  function movedAt(number: number): number | undefined {
    return running().retiring.find((retiring) => retiring.number === number)?.since
  }

  async function containers(tag: string) {
    return (await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === tag)
  }
})

/** The ids of all images on the engine. */
async function images(): Promise<string[]> {
  return (await docker<{ Id: string }[]>('GET', '/images/json?all=1')).map(({ Id }) => Id)
}
