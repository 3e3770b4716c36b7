/** Two repositories with the real engine: what a container is told of the other one's preview, and when it is made anew. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { generationOf } from '../../shared/preview/preview.ts'
import { gatewayOf } from '../../shared/slots/slots.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import { docker } from '../../testing/harness/docker.ts'
import { inside } from '../../testing/harness/reach.ts'
import { until } from '../../testing/harness/until.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json'

for (const [how, sandboxes] of [
  ['in a sandbox', 1],
  ['with a network of its own', 0],
] as const)
  describe(`a preview that goes with another, ${how}`, { timeout: 300_000 }, () => {
    let web: Registry
    let api: Registry
    let harness: Harness
    let front: string

    before(async () => {
      ;[web, api] = await Promise.all([startImageRegistry(), startImageRegistry()])
      await publishSmall(`${web.repository}:pr-7`, 'web')
      await publishSmall(`${api.repository}:main`, 'api main')
      harness = await openHarness(web.repository, {
        LOTAN_REPOSITORIES: `api=${api.repository}`,
        LOTAN_SANDBOXES: String(sandboxes),
        TL_DOMAIN: 'previews.example.com',
        LOTAN_PUBLIC_URL: 'http://previews.example.com:8080',
      })
      await harness.deps.network.ensure()
      front = gatewayOf(harness.store.facts.get('subnet')!)
      harness.store.facts.set('pairFront', { address: front, why: null })
      harness.startWorker()
    })
    after(async () => {
      await harness?.close()
      await web?.close()
      await api?.close()
    })

    const own = () => generationOf(harness.store.get('pr-7')!)!

    async function up() {
      if (sandboxes)
        await until('a sandbox stands ready', () =>
          harness.store.sandboxes.list().some(({ state }) => state === 'ready'),
        )
      await harness.click('pr-7')
      return (await harness.untilState('pr-7', 'running')).generation
    }

    async function down() {
      await harness.ask('pr-7', { type: 'stop', why: 'asked' })
      await harness.untilState('pr-7', 'stopped')
    }

    async function told() {
      const { Config } = await docker<{ Config: { Env: string[] } }>('GET', `/containers/${own().container}/json`)
      const hosts = await inside(own().container!, ['/bin/busybox', 'cat', '/etc/hosts'])
      return {
        variables: Config.Env.filter((one) => one.startsWith('LOTAN_URL_')),
        hosts: hosts
          .split('\n')
          .flatMap((line) => (line.includes('previews.example.com') ? line.split(/\s+/).join(' ') : [])),
      }
    }

    async function remove(tag: string) {
      const [host, name] = api.repository.split('/')
      const manifests = `http://${host}/v2/${name}/manifests`
      const { headers } = await fetch(`${manifests}/${tag}`, { method: 'HEAD', headers: { accept: MANIFEST } })
      const { status } = await fetch(`${manifests}/${headers.get('docker-content-digest')}`, { method: 'DELETE' })
      assert.equal(status, 202)
    }

    const at = (tag: string) => ({
      variables: [`LOTAN_URL_API=http://${tag}.api.previews.example.com:8080`],
      hosts: [`${front} ${tag}.api.previews.example.com`],
    })

    test('is told where the fallback is, as long as its own tag is not there, and finds it', async () => {
      const { sandbox, pairs } = await up()
      assert.equal(sandbox !== null, sandboxes > 0)
      assert.deepEqual(pairs, { api: { preview: 'api/main', isSure: true } })
      assert.deepEqual(await told(), at('main'))
      assert.equal(
        harness.store.history('pr-7').find(({ event }) => event === 'begin')!.detail,
        `slot ${own().slot} with api/main`,
      )
    })

    test('starts again as it was, with its files, as long as its pair is the same', async () => {
      const was = own()
      await inside(was.container!, ['/bin/busybox', 'cp', '/www/index.html', '/www/kept'])
      await down()
      const again = await up()
      assert.deepEqual([again.number, again.container], [was.number, was.container])
      assert.match(await inside(was.container!, ['/bin/busybox', 'cat', '/www/kept']), /web/)
      assert.deepEqual(await told(), at('main'))
    })

    test('is a new generation at the next start after its own tag has appeared, and after that has gone', async () => {
      const was = own()
      await publishSmall(`${api.repository}:pr-7`, 'api')
      assert.deepEqual(await told(), at('main'))
      await down()
      const now = await up()
      assert.deepEqual(await told(), at('pr-7'))
      assert.equal(now.number, was.number + 1)
      assert.notEqual(now.slot, was.slot)
      if (sandboxes) assert.notEqual(now.sandbox, was.sandbox)

      await remove('pr-7')
      await down()
      assert.equal((await up()).number, was.number + 2)
      assert.deepEqual(await told(), at('main'))
      // As the reaper asks.
      await harness.nudges.sweep('pr-7')
      await until('one container is left', async () => (await harness.containers('pr-7')).length === 1)
    })

    if (!sandboxes) return

    test('stays with its pair while that one’s registry is down', async () => {
      const was = own()
      await api.stop()
      await down()
      const again = await up()
      assert.deepEqual([again.number, again.container], [was.number, was.container])
      await api.start()
    })

    test('finds its pair also after its network was lost and came back', async () => {
      const was = own()
      await down()
      await docker('POST', `/containers/${sandboxName(harness.config.instance, was.sandbox!)}/kill`)
      const again = await up()
      assert.deepEqual([again.number, again.container], [was.number, was.container])
      assert.deepEqual(await told(), at('main'))
    })
  })
