/** Copies of previews on a real engine. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { addressOf } from '../../shared/slots/slots.ts'
import { copyImageName } from '../../shared/slots/container-name.ts'
import { docker, imagesBelow, removeByHand, removeImageByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { openHarness, type Harness } from '../harness.ts'
import { keepSmallBase } from '../../testing/images/kept-bases.ts'
import { openStore } from '../../shared/store/store.ts'
import { labelOf } from '../../shared/tag.ts'
import { findCopiesAgain } from './find-again.ts'

const DAY = 86_400_000
const counts = { cmd: ['sh', '-c', 'echo $(cat /www/note)+ > /www/note; exec /bin/busybox httpd -f -p 80 -h /www'] }

const stackWith = (name: string, onPush: 'keep' | 'reset' = 'keep') => ({
  volumes: [{ name, keep: null, onPush, from: null }],
})

/** An empty database beside the harness's. */
function openStoreOf({ config, deps }: Harness) {
  const file = path.join(config.dataDir, `lost-${randomBytes(4).toString('hex')}.sqlite`)
  return openStore(file, { slots: 10, label: (id) => labelOf(id, config), log: deps.log })
}

async function inVolume(volume: string, script: string): Promise<string> {
  const { Id } = await docker<{ Id: string }>('POST', '/containers/create', {
    Image: await keepSmallBase(),
    Entrypoint: ['/bin/busybox', 'sh', '-c', script],
    Tty: true,
    NetworkDisabled: true,
    HostConfig: { Binds: [`${volume}:/v`] },
  })
  try {
    await docker('POST', `/containers/${Id}/start`)
    await docker('POST', `/containers/${Id}/wait`)
    return ((await docker<string | undefined>('GET', `/containers/${Id}/logs?stdout=1&stderr=1`)) ?? '').trim()
  } finally {
    await removeByHand(Id)
  }
}
const write = (volume: string, text: string) => inVolume(volume, `echo ${text} > /v/file`)
const read = (volume: string) => inVolume(volume, 'cat /v/file')

describe('copies of previews', { timeout: 180_000 }, () => {
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

  test('a copy has the data of its original, with their secrets, and what is written then is its own', async () => {
    const { store, deps, engine } = harness
    const [first] = (await deps.volumes.ensure('red', stackWith('data'), { id: 'x' })).values()
    await write(first!, 'before')
    const clone = await copy('red', 'data', false)
    const [own] = store.volumes.of('red~data')
    assert.equal(await read(own!.engine), 'before')
    assert.equal(store.stackSalts.find('red~data'), store.stackSalts.find('red'))
    await write(first!, 'after')
    assert.equal(await read(own!.engine), 'before')
    assert.equal(clone.image?.id, store.get('red')?.image?.id)
    // Another image than the one that the data were used with is no push.
    const again = await deps.volumes.ensure('red~data', stackWith('data', 'reset'), { id: 'y' })
    assert.deepEqual([...again.values()], [own!.engine])
    await harness.ask('red~data', { type: 'remove' })
    await harness.untilState('red~data', 'unknown')
    assert.deepEqual(await engine.listVolumes('red~data'), [])
    assert.equal(await read(first!), 'after')
    await deps.volumes.removeAll('red')
  })

  test('a copy that a crash cut short is made whole, and one that cannot be made leaves nothing', async () => {
    const { store, deps } = harness
    const wish = {
      copy: 'red~cut',
      of: 'red',
      kept: true,
      lasts: null,
      askedAt: 1,
      actor: { who: 'admin', address: null },
    }
    store.copies.ask(wish)
    // The image was there already, and the row was not.
    await deps.engine.tagImage(store.get('blue')!.image!.id, copyImageName(harness.config.instance, 'red~cut'))
    await harness.nudges.data('red')
    const made = await harness.untilState('red~cut', 'stopped')
    assert.notEqual(made.image?.id, store.get('blue')?.image?.id)
    store.copies.ask({ ...wish, copy: 'gone~cut', of: 'gone' })
    await harness.nudges.data('gone')
    await until('it is given up', () => store.copies.find('gone~cut') === undefined)
    assert.deepEqual([store.get('gone~cut'), store.history('gone')[0]?.event], [undefined, 'notCopied'])
  })

  test('a lost database finds copies again, and what a removal has left goes', async () => {
    const { store, deps } = harness
    const kept = store.get('red~cut')!
    const image = copyImageName(harness.config.instance, 'red~cut')
    const lost = openStoreOf(harness)
    try {
      await findCopiesAgain({ ...deps, store: lost })
      const found = lost.get('red~cut')!
      assert.deepEqual(
        [found.state, found.image?.id, found.copy, found.pin],
        ['stopped', kept.image?.id, { ...kept.copy!, at: found.copy!.at }, { until: null }],
      )
      assert.equal(lost.get('blue~bug-12'), undefined, 'its container runs: the reaper adopts it')
      lost.apply('red~cut', { type: 'remove' })
      lost.apply('red~cut', { type: 'removed' })
      await findCopiesAgain({ ...deps, store: lost })
      assert.deepEqual([lost.get('red~cut'), await deps.engine.findImage(image)], [undefined, undefined])
    } finally {
      lost.close()
    }
    await harness.ask('red~cut', { type: 'remove' })
    await harness.untilState('red~cut', 'unknown')
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
