/** With a real registry and a real database: what is asked for is counted between them. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog } from '../shared/log.ts'
import type { Change } from '../shared/forge/change.ts'
import { splitId } from '../shared/preview/preview-id.ts'
import { openRegistry } from '../shared/registry/registry.ts'
import { openStore, type Store } from '../shared/store/store.ts'
import { until } from '../testing/harness/until.ts'
import { attest, putImage, uploadArtifact } from '../testing/images/upload.ts'
import { countQuestions, type Counted } from '../testing/registries/counting-proxy.ts'
import { startRegistry, type Registry } from '../testing/registries/registry.ts'
import { hearPushes } from './hear-pushes.ts'
import { readChangeImages, readImage } from './read-change-images.ts'

const sha = (n: number) => String(n).repeat(40)
let real: Registry
let proxy: Counted
let repository: string
let store: Store
let dir: string
let refuse: number | undefined
const ending = new AbortController()
const refreshed: string[] = []
const prepulled: string[] = []
const log = openLog('test', 'silent')
const engine = { platform: () => Promise.resolve({ os: 'linux', architecture: 'amd64' }) }
let registry: ReturnType<typeof openRegistry>
let heard: Promise<void>

before(async () => {
  real = await startRegistry()
  proxy = await countQuestions(real.port, () => refuse)
  repository = `127.0.0.1:${proxy.port}/todowrangler`
  registry = openRegistry({ repository, dockerConfig: '/nowhere', awsRegion: null })
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-pushes-'))
  store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 5, label: (id) => splitId(id).tag, log })
  heard = hearPushes(
    {
      config: { offers: (id) => !id.startsWith('x'), prepulls: (id) => id.startsWith('ahead') },
      registryOf: () => registry,
      store,
      nudges: {
        refresh: ({ tag }) => Promise.resolve(void refreshed.push(tag)),
        prepull: (id) => Promise.resolve(void prepulled.push(id)),
      },
      seen: (id, digest) => void readImage({ registryOf: () => registry, engine, store }, id, digest),
      log,
    },
    ending.signal,
  )
})
after(async () => {
  ending.abort()
  await heard
  store.close()
  proxy.close()
  await real.close()
  fs.rmSync(dir, { recursive: true })
})
beforeEach(() => {
  refuse = undefined
  refreshed.length = prepulled.length = 0
})

const publish = (tag: string, labels: Record<string, string> = {}) =>
  putImage(real.repository, [tag], { layers: [], config: { Labels: labels } })
const hint = (tag: string) =>
  store.hints.note(null, [{ kind: 'push', repository: '', subject: tag, at: Date.now() }], Date.now())
const isHeard = (tag: string) => !store.hints.list('push').some(({ subject }) => subject === tag)
const questions = (tag: string) => proxy.asked.filter(({ path }) => path.endsWith(`/manifests/${tag}`))

async function pushed(tag: string) {
  hint(tag)
  await until(`${tag} was looked at`, () => isHeard(tag))
}

test('a tag that was missing a moment ago is one that a click finds', async () => {
  store.apply('new', { type: 'start', by: 'visit' })
  store.apply('new', { type: 'absent', isOffered: false })
  store.apply('new', { type: 'missing' })
  assert.ok(store.missing('new'))
  await publish('new')
  await pushed('new')
  assert.equal(store.missing('new'), undefined)
  assert.ok(store.isOffered('new'))
  assert.equal(store.digestsOf('new').length, 1)
})

test('a preview is brought the newer image, and the same one is not brought again', async () => {
  await publish('red', { build: '1' })
  const digest = (await registry.digestOf('red'))!
  const image = { id: 'a', digest, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
  store.apply('red', { type: 'ahead', image })
  await pushed('red')
  assert.deepEqual(refreshed, [])
  await publish('red', { build: '2' })
  await pushed('red')
  await until('it is asked for', () => refreshed.length > 0)
  assert.equal(store.get('red')!.update!.digest, await registry.digestOf('red'))
})

test('an image that could not run here is looked at again, and pulled ahead where that is wanted', async () => {
  await uploadArtifact(real.repository, 'ahead', 'application/vnd.cncf.helm.config.v1+json')
  store.offer('', [{ tag: 'ahead', digest: null }])
  store.noteUnfit('ahead', (await registry.digestOf('ahead'))!, true)
  store.noteAhead('ahead')
  await pushed('ahead')
  assert.deepEqual([store.unfit('').length, prepulled], [1, []])
  await publish('ahead')
  await pushed('ahead')
  assert.deepEqual([store.unfit(''), prepulled], [[], ['ahead']])
})

test('a tag that the registry does not have, or that may not start, is asked for once or never', async () => {
  await pushed('gone')
  await pushed('x')
  assert.deepEqual([questions('gone').length, questions('x').length], [1, 0])
  assert.equal(store.isOffered('gone'), false)
})

test('many hints of a tag are few look-ups, and the last push is seen', async () => {
  await publish('often', { build: '0' })
  for (let n = 1; n <= 20; n++) {
    await publish('often', { build: String(n) })
    hint('often')
    await until('a moment has passed', () => store.hints.list('push').length <= 1)
  }
  await until('all was looked at', () => isHeard('often'))
  assert.deepEqual(store.digestsOf('often'), [await registry.digestOf('often')])
  assert.ok(questions('often').filter(({ method }) => method === 'HEAD').length < 10)
})

const change = (number: number, more: Partial<Change> = {}): Change => ({
  ...{ repository: '', number, title: '', author: 'mina', branch: 'b', base: 'main', sha: sha(1) },
  ...{ fork: false, state: 'open', url: 'https://example.com', updated: number, ...more },
})

test('the image of a change tells its commit, its time and its size as it is pushed, without a pull', async () => {
  await publish('pr-1', { 'org.opencontainers.image.revision': sha(1) })
  store.changes.put(change(1), ['pr-1'], 0)
  await pushed('pr-1')
  const { revision, digest, bytes, created } = await until('it is known', () => store.changes.image('pr-1'))
  assert.deepEqual([revision, digest, bytes], [sha(1), await registry.digestOf('pr-1'), 0])
  assert.ok(Date.parse(created!) <= Date.now())
})

test('the images of all open changes are read once, and then by their digests alone', async () => {
  const reading = new AbortController()
  const of = { registryOf: () => registry, engine, store, config: { offers: () => true }, repository: '', log }
  await publish('pr-2', { 'org.opencontainers.image.revision': sha(2) })
  await attest(real.repository, (await registry.digestOf('pr-2'))!, 'pr-3', 'an index')
  store.changes.put(change(2), ['pr-2', 'nothing-yet'], 0)
  store.changes.put(change(3), ['pr-3'], 0)
  store.changes.put(change(4, { state: 'closed' }), ['pr-4'], 0)
  const read = readChangeImages(of, 1_500, reading.signal)
  try {
    await until('they are known', () => store.changes.image('pr-2') && store.changes.image('pr-3'))
    assert.equal(store.changes.image('pr-2')!.revision, sha(2))
    assert.equal(store.changes.image('pr-3')!.revision, sha(2))
    assert.notEqual(store.changes.image('pr-3')!.digest, store.changes.image('pr-2')!.digest)
    const whole = (tag: string) => questions(tag).filter(({ method }) => method === 'GET').length
    await until('it is asked for again', () => questions('pr-3').length >= 4)
    assert.deepEqual([whole('pr-2'), whole('pr-3'), whole('nothing-yet'), questions('pr-4').length], [1, 1, 0, 0])

    await publish('pr-5', { 'org.opencontainers.image.revision': sha(5) })
    store.changes.put(change(5), ['pr-5'], 0)
    await until('a new change’s is read', () => store.changes.image('pr-5')?.revision === sha(5))
    store.changes.put(change(5, { sha: sha(6), updated: 9 }), ['other', 'pr-5'], 0)
    await until('that of a head that has moved', () => questions('other').length > 0)
  } finally {
    reading.abort()
    await read
  }
})

test('a registry that limits its callers is left alone', async () => {
  refuse = 429
  const before = proxy.asked.length
  hint('red')
  const reading = new AbortController()
  const of = { registryOf: () => registry, engine, store, config: { offers: () => true }, repository: '', log }
  const read = readChangeImages(of, 100, reading.signal)
  try {
    await until('both were refused', () => proxy.asked.length >= before + 2)
    for (const n of [1, 2, 3]) hint(`limited-${n}`)
    // Longer than a look at hints, and than a look at changes, takes.
    await sleep(2_500)
    assert.equal(proxy.asked.length, before + 2)
    assert.equal(store.hints.list('push').length, 4)
  } finally {
    reading.abort()
    await read
  }
})
