/** Copies of previews on a real engine. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { addressOf } from '../../shared/slots/slots.ts'
import { copyImageName } from '../../shared/slots/container-name.ts'
import { docker, imagesBelow, removeImageByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { openHarness, type Harness } from '../harness.ts'

const DAY = 86_400_000
const counts = { cmd: ['sh', '-c', 'echo $(cat /www/note)+ > /www/note; exec /bin/busybox httpd -f -p 80 -h /www'] }

describe('copies of previews', { timeout: 120_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['red', 'blue']) await publishSmall(`${registry.repository}:${tag}`, tag, counts)
    harness = await openHarness(registry.repository, { LOTAN_CONTAINER_ENV_KEY: 'open sesame' })
    harness.startWorker()
  })
  after(async () => {
    for (const name of await imagesBelow('lotan-copy-').then(own)) await removeImageByHand(name)
    await harness?.close()
    await registry?.close()
  })

  const own = (names: string[]) => names.filter((name) => name.includes(harness.config.instance))
  const imagesOfCopies = async () => own(await imagesBelow(`lotan-copy-${harness.config.instance}`))

  async function runs(tag: string) {
    await harness.click(tag)
    return (await harness.untilState(tag, 'running')).generation
  }

  /** What the application has written at its starts: a `+` for each. */
  async function note(tag: string): Promise<string> {
    const preview = harness.store.get(tag)
    assert.ok(preview?.state === 'running', `${tag} is ${preview?.state}`)
    const host = addressOf(harness.store.facts.get('subnet')!, preview.generation.slot)
    return new Promise((resolve, reject) => {
      const request = http.get({ host, port: 80, path: '/note', agent: false }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => resolve(text.trim()))
      })
      request.on('error', reject)
    })
  }

  async function copy(of: string, as: string, kept: boolean) {
    const id = `${of}~${as}`
    const wish = {
      copy: id,
      of,
      kept,
      lasts: kept ? null : DAY,
      askedAt: Date.now(),
      actor: { who: 'admin', address: null },
    }
    assert.ok(harness.store.copies.ask(wish))
    await harness.nudges.data(of)
    return harness.untilState(id, 'stopped')
  }

  test('a clone is a preview of its own, and what happens to one is nothing to the other', async () => {
    const original = await runs('red')
    const clone = await copy('red', 'anna', false)
    assert.deepEqual(clone.copy, { of: 'red', at: clone.copy!.at, kept: false, trusted: true })
    assert.equal(clone.image?.id, harness.store.get('red')?.image?.id)
    assert.ok(clone.pin!.until! > Date.now() + DAY - 60_000)
    const { container } = await runs('red~anna')
    const [found] = await harness.containers('red~anna')
    assert.deepEqual([found?.id, found?.name], [container, `lotan-${harness.config.instance}--red--as-anna-1`])
    await harness.ask('red~anna', { type: 'restart' })
    await until(
      'it is up again',
      async () => harness.store.get('red~anna')?.state === 'running' && (await note('red~anna')) === '++',
      { within: 30_000 },
    )
    assert.equal(await note('red'), '+')
    assert.equal(harness.store.get('red')?.state, 'running')
    assert.deepEqual(
      (await harness.containers('red')).map(({ id }) => id),
      [original.container],
    )
    const { Config } = await docker<{ Config: { Env: string[] } }>('GET', `/containers/${container}/json`)
    assert.ok(Config.Env.includes('LOTAN_TAG=red'))
  })

  test('a kept copy begins with what its application had written, and its image holds no secret', async () => {
    await runs('blue')
    const kept = await copy('blue', 'bug-12', true)
    assert.deepEqual([kept.copy?.kept, kept.pin], [true, { until: null }])
    assert.deepEqual(await harness.containers('blue~bug-12'), [])
    await until('its original goes on', () => harness.store.get('blue')?.state === 'running')
    const [told] = harness.store.history('blue').filter(({ event }) => event === 'kept')
    assert.match(told!.detail!, /^blue--as-bug-12, frozen for \d+ ms$/)
    const { Config } = await docker<{ Config: { Env: string[] } }>(
      'GET',
      `/images/${copyImageName(harness.config.instance, 'blue~bug-12')}/json`,
    )
    assert.ok(Config.Env.includes('KEY=') && !Config.Env.join().includes('sesame'))
    const { container } = await runs('blue~bug-12')
    assert.equal(await note('blue~bug-12'), '++')
    assert.equal(await note('blue'), '+')
    const given = await docker<{ Config: { Env: string[] } }>('GET', `/containers/${container}/json`)
    assert.ok(given.Config.Env.includes('KEY=open sesame'))
  })

  test('its time over, the whole of a copy goes, and its original stays', async () => {
    assert.equal((await imagesOfCopies()).length, 2)
    for (const id of ['red~anna', 'blue~bug-12']) {
      await harness.ask(id, { type: 'remove' })
      await harness.untilState(id, 'unknown')
      assert.deepEqual(await harness.containers(id), [])
      assert.equal(await harness.click(id), undefined, 'nothing is there to be started')
    }
    assert.deepEqual(await imagesOfCopies(), [])
    assert.equal(await note('red'), '+')
  })
})
