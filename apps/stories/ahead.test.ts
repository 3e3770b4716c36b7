/** LOTAN_PREPULL: images that are here before anybody asks for them, and never in anybody's way. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { uploadArtifact, uploadList } from '../testing/images/upload.ts'

describe('images ahead', { timeout: 300_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    for (const tag of ['pr-1', 'main']) await push(tag)
    lotan = await startLotan({
      repository: repository(),
      env: { LOTAN_PREPULL: '^pr%-', IMAGE_REFRESH_INTERVAL_MINUTES: '0.03', INACTIVITY_RMI_TIMEOUT_MINUTES: '10' },
    })
  })
  after(async () => {
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  test('are pulled when the registry shows them; others are not', async () => {
    await isHere('pr-1')
    await push('pr-2')
    await isHere('pr-2')
    assert.deepEqual(
      lotan.store.list().map(({ tag, state }) => [tag, state]),
      [
        ['pr-1', 'stopped'],
        ['pr-2', 'stopped'],
      ],
    )
  })

  test('are there for the first click, though the registry is away', async () => {
    await registry.stop()
    try {
      const { status, text } = await lotan.request('pr-1')
      assert.deepEqual([status, /<h1>pr-1/.test(text)], [200, true])
      assert.equal(lotan.store.get('pr-1')?.stages.pulling, undefined)
    } finally {
      await registry.start()
    }
  })

  test('make way for one that somebody waits for, and come after it', async () => {
    await push('pr-3', 4_000)
    gate.narrow(1_000_000)
    await until('its pull stands still', async () => (await said('image prepulled')) === 2 && gate.isShut(), {
      within: 60_000,
    })
    const click = lotan.request('main')
    await until('it makes way', async () => (await said('prepull stopped')) === 1)
    assert.notEqual(lotan.store.get('pr-3')?.state, 'stopped')
    gate.widen()
    assert.equal((await click).status, 200)
    await isHere('pr-3')
  })

  test('are not pulled again after somebody removed them', async () => {
    await lotan.api('DELETE', '/previews/pr-2')
    await lotan.untilState('pr-2', 'unknown', 30_000)
    await push('pr-4')
    await isHere('pr-4')
    assert.equal(lotan.store.get('pr-2'), undefined)
  })

  test('are looked at once where they cannot run here, and again when they were pushed again; what is no image is not offered', async () => {
    const theirs = `localhost:${registry.port}/todowrangler`
    const foreign = { os: 'linux', architecture: 's390x' }
    await uploadList(theirs, 'pr-foreign', [{ layers: [Buffer.alloc(1_024)], platform: foreign }])
    await uploadArtifact(theirs, 'pr-chart', 'application/vnd.cncf.helm.config.v1+json')
    const signature = `sha256-${'a'.repeat(64)}.sig`
    await uploadArtifact(theirs, signature, 'application/vnd.oci.image.config.v1+json')
    const offered = async () => {
      const { json } = await lotan.api<{ tag: string }[]>('GET', '/tags')
      return json.map(({ tag }) => tag)
    }
    await until('the chart is no longer offered', async () => {
      const tags = await offered()
      return tags.includes('pr-foreign') && !tags.includes('pr-chart')
    })
    await until('the foreign one was looked at', async () => (await refused('pr-foreign')) > 0)
    // Two more rounds at least.
    for (const tag of ['pr-5', 'pr-6']) {
      await push(tag)
      await isHere(tag)
    }
    assert.deepEqual([await refused('pr-foreign'), await refused('pr-chart')], [1, 1])
    assert.match(await lotan.output(), /pr-foreign: it has no image for linux\/\w+, only for linux\/s390x/)
    assert.ok((await offered()).includes('pr-foreign'))
    assert.ok(!(await offered()).includes(signature))
    const clicked = await lotan.click('pr-chart')
    assert.equal(clicked.status, 502)
    assert.equal(lotan.store.get('pr-chart')?.state, 'failed')
    const { json } = await lotan.api('GET', '/previews/pr-chart')
    assert.equal(json.reason, 'bad-image')
    await push('pr-foreign')
    await isHere('pr-foreign')
  })

  /** How often a tag was found to be nothing to pull ahead. */
  async function refused(tag: string): Promise<number> {
    const lines = (await lotan.output()).split('\n').filter((line) => line.includes('prepull failed'))
    return lines.filter((line) => line.includes(`"${tag}"`)).length
  }

  const repository = () => `127.0.0.1:${gate.port}/todowrangler`

  /** Under another name of the same registry: what is here by its own name, for a moment even, need not be pulled. */
  async function push(tag: string, ballast = 0) {
    const reference = `localhost:${registry.port}/todowrangler:${tag}`
    await publishSmall(reference, tag, { ballast })
  }

  const isHere = (tag: string) =>
    until(
      `${tag} is here`,
      () => {
        const preview = lotan.store.get(tag)
        return preview?.state === 'stopped' && preview.image?.pulled
      },
      { within: 60_000 },
    )

  /** How often a message was logged. */
  const said = async (message: string) => (await lotan.output()).split(message).length - 1
})
