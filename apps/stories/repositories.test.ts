/** Two repositories on two registries, each with a login of its own: the same tag of both, one away, and one taken out. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { imagesBelow } from '../testing/harness/docker.ts'
import { until } from '../testing/harness/until.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { login, startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const logins = { web: { ...login, username: 'web' }, api: { ...login, username: 'api' } }
type Name = keyof typeof logins

describe('two repositories', { timeout: 300_000 }, () => {
  let dockerConfig: string
  let registries: Record<Name, Registry>
  let lotan: Lotan

  const push = (name: Name, tag: string, page: string) =>
    publishSmall(`${registries[name].repository}:${tag}`, page, {}, logins[name])
  const page = async (id: string) => /<h1>(.*)<\/h1>/.exec((await lotan.click(id)).text)?.[1]

  before(async () => {
    const start = (username: Name) => startImageRegistry({ login: true, username })
    registries = { web: await start('web'), api: await start('api') }
    await push('web', 'pr-7', 'pr-7 of web')
    await push('api', 'pr-7', 'pr-7 of api')
    await push('api', 'main', 'main of api')
    dockerConfig = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-logins-'))
    const auths = Object.fromEntries(
      (['web', 'api'] as const).map((name) => [registries[name].repository.split('/')[0], logins[name]]),
    )
    await fs.writeFile(path.join(dockerConfig, 'config.json'), JSON.stringify({ auths }))
    lotan = await startLotan({
      repository: registries.web.repository,
      env: {
        LOTAN_REPOSITORIES: `api=${registries.api.repository}`,
        DOCKER_CONFIG: dockerConfig,
        IMAGE_REFRESH_INTERVAL_MINUTES: '0.03',
      },
    })
  })
  after(async () => {
    await lotan?.stop()
    for (const registry of Object.values(registries ?? {})) await registry.close()
    if (dockerConfig) await fs.rm(dockerConfig, { recursive: true })
  })

  test('show the same tag each at its own host, and a push to one is noticed in that one', async () => {
    assert.equal(lotan.host('api/pr-7'), `pr-7.api.${lotan.domain}:${lotan.port}`)
    assert.deepEqual(await Promise.all(['pr-7', 'api/pr-7'].map(page)), ['pr-7 of web', 'pr-7 of api'])
    await push('api', 'pr-7', 'newer pr-7 of api')
    await until('the newer one answers', async () => (await page('api/pr-7')) === 'newer pr-7 of api', { every: 200 })
    assert.equal(await page('pr-7'), 'pr-7 of web')
    assert.equal(lotan.store.get('pr-7')!.generations, 1)
  })

  test('a click on one is served while the registry of the other is away', async () => {
    await registries.web.stop()
    assert.equal(await page('api/main'), 'main of api')
    const { status } = await lotan.request('pr-8', { headers: { ...asBrowser, Prefer: 'wait=0' } })
    assert.equal(status, 503, 'it is asked for, and not there yet')
    await registries.web.start()
  })

  test('of one that is not listed nothing is asked for, whoever names it', async () => {
    const other = { host: `pr-7.other.${lotan.domain}:${lotan.port}` }
    for (const headers of [asBrowser, {}]) assert.equal((await lotan.ask({ ...other, headers })).status, 404)
    const ways = [lotan.api('POST', lotan.listOf('other/pr-7'), { tag: 'pr-7' })]
    ways.push(lotan.api('POST', `${lotan.pathOf('other/pr-7')}/start`))
    ways.push(lotan.api('GET', `${lotan.pathOf('other/pr-7')}/wait?timeout=1`))
    for (const { status } of await Promise.all(ways)) assert.equal(status, 404)
    assert.ok(lotan.store.list().every(({ repository }) => repository !== 'other'))
    assert.deepEqual([lotan.store.history('other/pr-7'), lotan.store.missing('other/pr-7')], [[], undefined])
  })

  test('one that is taken out takes what is its own with it, and nothing of the other', async () => {
    const kept = await lotan.containerOf('pr-7')
    await lotan.end()
    delete lotan.env.LOTAN_REPOSITORIES
    await lotan.again()
    const left = () => lotan.store.list().filter(({ repository }) => repository === 'api')
    await until('its previews are gone', () => left().length === 0, { within: 60_000 })
    assert.deepEqual((await lotan.containers()).map(({ Id }) => Id), [kept]) // prettier-ignore
    assert.deepEqual(await imagesBelow(`${registries.api.repository}:`), [])
    assert.deepEqual(lotan.store.offered('api'), [])
    assert.equal(await page('pr-7'), 'pr-7 of web')
    const failed = (await lotan.output()).split('\n').filter((line) => line.includes('step failed'))
    assert.deepEqual(
      failed.filter((line) => line.includes('"repository":"api"')),
      [],
    )
  })
})
