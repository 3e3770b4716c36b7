/** What closing a pull request, and a fork's, do to previews. The forge is away all the while: rows stand for what it told. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Change } from '../shared/forge/change.ts'
import { docker, imagesBelow } from '../testing/harness/docker.ts'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'

const EVERY_MS = 1_800
/** Where nothing listens. */
const NOWHERE = 'http://127.0.0.1:9/api'

describe('a pull request', { timeout: 200_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan
  let repository: string
  let updated = 0

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    repository = `127.0.0.1:${gate.port}/todowrangler`
    for (const tag of ['main', 'pr-1', 'pr-2', 'pr-4', 'pr-5']) await push(tag, `${tag} v1`)
    await push('pr-3', 'pr-3 v1', { ballast: 4_000 })
    lotan = await startLotan({
      repository,
      env: {
        LOTAN_FORGE: 'github',
        LOTAN_FORGE_API: NOWHERE,
        LOTAN_FORGE_REPOSITORY: 'team/app',
        LOTAN_FORGE_SAYS: 'none',
        LOTAN_CLOSED_MINUTES: '0.05',
        LOTAN_PREPULL: '^pr%-[25]',
        IMAGE_REFRESH_INTERVAL_MINUTES: String(EVERY_MS / 60_000),
        LOTAN_GRACE_SECONDS: '2',
        LOTAN_CONTAINER_SECRET_API_KEY: 'k-12345',
      },
    })
  })
  after(async () => {
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  const push = (tag: string, page: string, recipe?: object) =>
    publishSmall(`127.0.0.1:${registry.port}/todowrangler:${tag}`, page, recipe)

  function tell(number: number, told: Partial<Change> = {}) {
    const change: Change = {
      ...{ repository: '', number, title: 'Sort', author: 'ben', branch: 'b', base: 'main', sha: 'a' },
      ...{ fork: false, state: 'open', url: `https://forge.test/pull/${number}`, updated: ++updated, ...told },
    }
    lotan.store.changes.put(change, [`pr-${number}`], Date.now())
  }
  const problemOf = async (tag: string) => {
    const { status, text } = await lotan.request(tag)
    return [status, status < 400 ? '' : (JSON.parse(text) as { type: string }).type.split('/').at(-1)]
  }
  const envOf = async (tag: string) => {
    const { Config } = await docker<{ Config: { Env: string[] } }>(
      'GET',
      `/containers/${await lotan.containerOf(tag)}/json`,
    )
    return Config.Env
  }
  const has = async (tag: string) => (await lotan.containers()).some(({ Labels }) => Labels['lotan.tag'] === tag)

  describe('while others', { concurrency: 3 }, () => {
    test('is merged: its preview says so within seconds, goes, and comes back with the pull request alone', async (t) => {
      tell(1)
      assert.match((await lotan.request('pr-1')).text, /pr-1 v1/)
      assert.ok((await envOf('pr-1')).includes('API_KEY=k-12345'))
      const began = performance.now()
      tell(1, { state: 'merged' })
      await until('it is answered as closed', async () => (await problemOf('pr-1'))[0] === 410, {
        within: 10_000,
        every: 50,
      })
      t.diagnostic(`closed ${Math.round(performance.now() - began)} ms after the commit`)
      const page = await lotan.request('pr-1', { headers: asBrowser })
      assert.equal(page.status, 410)
      assert.match(page.text, /#1 is merged/)
      assert.match(page.text, new RegExp(`href="${lotan.url('main')}">Open main`))
      await until('its container is gone', async () => !(await has('pr-1')), { within: 60_000 })
      await until('its row is gone', () => !lotan.store.get('pr-1'), { within: 60_000 })
      await push('pr-1', 'pr-1 v2')
      for (let i = 0; i < 3; i++) assert.deepEqual(await problemOf('pr-1'), [410, 'closed'])
      assert.equal(lotan.store.get('pr-1'), undefined)
      tell(1)
      assert.match((await lotan.request('pr-1')).text, /pr-1 v2/)
    })

    test('is of a fork: nothing of it is pulled until it is approved, and it never has a secret', async () => {
      tell(2, { fork: true })
      tell(5)
      await until('another one is pulled ahead', () => lotan.store.get('pr-5')?.image, { within: 60_000 })
      const page = await lotan.request('pr-2', { headers: asBrowser })
      assert.equal(page.status, 503)
      assert.match(page.text, /waits for approval/)
      assert.deepEqual(await problemOf('pr-2'), [403, 'approval'])
      assert.equal(lotan.store.get('pr-2'), undefined)
      assert.equal((await lotan.api('POST', '/previews/pr-2/approve')).status, 200)
      assert.match((await lotan.click('pr-2')).text, /pr-2 v1/)
      assert.ok(!(await envOf('pr-2')).some((one) => one.startsWith('API_KEY')))
      const { json } = await lotan.api<{ variables: { name: string }[] }>('GET', '/previews/pr-2/explain')
      assert.ok(!json.variables.some(({ name }) => name === 'API_KEY'))
      assert.equal((await lotan.api('DELETE', '/previews/pr-2/approve')).status, 200)
      await until('it is not served any more', async () => (await problemOf('pr-2'))[0] === 403, {
        within: 10_000,
        every: 50,
      })
      await lotan.untilState('pr-2', 'stopped')
    })

    test('of a fork that was taken for one of its own before is given a container without the secrets', async () => {
      tell(4)
      await lotan.request('pr-4')
      assert.ok((await envOf('pr-4')).includes('API_KEY=k-12345'))
      tell(4, { fork: true })
      await lotan.untilState('pr-4', 'stopped')
      assert.equal((await lotan.api('POST', '/previews/pr-4/approve')).status, 200)
      assert.match((await lotan.click('pr-4')).text, /pr-4 v1/)
      assert.ok(!(await envOf('pr-4')).some((one) => one.startsWith('API_KEY')))
    })
  })

  test('is closed during a pull: no container of it comes, and no image stays', async () => {
    tell(3)
    const held = lotan.request('pr-3')
    try {
      await until('it is being pulled', () => lotan.store.get('pr-3')?.state === 'pulling', { within: 30_000 })
      gate.narrow(200_000)
      await until('the pull stands still', () => gate.isShut(), { within: 30_000 })
      tell(3, { state: 'closed' })
      const { status } = await held
      assert.equal(status, 410)
    } finally {
      gate.widen()
    }
    await until('its row is gone', () => !lotan.store.get('pr-3'), { within: 60_000 })
    assert.ok(!(await has('pr-3')))
    assert.equal(lotan.store.lastGeneration('pr-3'), null, 'no container was begun')
    assert.deepEqual(await imagesBelow(`${repository}:pr-3`), [])
  })
})
