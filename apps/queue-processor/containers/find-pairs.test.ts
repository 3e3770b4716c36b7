import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FREE } from '../../shared/forge/standing.ts'
import { openLog } from '../../shared/log.ts'
import { fresh, type Image, type Preview } from '../../shared/preview/preview.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { repositoriesAt } from '../../testing/harness/repositories.ts'
import { openFindPairs } from './find-pairs.ts'

const image: Image = { id: 'sha256:1', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [80] }
const times = { answer: 50, kept: 10_000, rest: 10_000 }

/** What exists where, and which registry was asked for what. */
interface World {
  rows?: PreviewId[]
  going?: PreviewId[]
  engine?: string[]
  registry?: PreviewId[]
  /** These repositories' registries give no answer, or an error. */
  hangs?: string[]
  down?: string[]
  list?: PreviewId[]
  /** Their changes do not let them run. */
  barred?: PreviewId[]
  offers?: (id: PreviewId) => boolean
}

function open(world: World, named: Record<string, string> = { api: 'reg/api', docs: 'reg/docs' }, given = times) {
  const { rows = [], going = [], engine = [], registry = [], hangs = [], down = [], list = [], barred = [] } = world
  const asked: PreviewId[] = []
  const rowOf = (id: PreviewId): Preview => {
    const of = { ...fresh, ...splitId(id), since: 0, image }
    if (going.includes(id)) return { ...of, state: 'removing', phase: 'ending', generation: null }
    return { ...of, state: 'stopped', generation: null, why: 'idle' }
  }
  const findPairs = openFindPairs(
    {
      config: {
        repositories: repositoriesAt('reg/web', named),
        pairFallback: ['main', 'latest'],
        offers: world.offers ?? (() => true),
      },
      store: {
        get: (id) => ([...rows, ...going].includes(id) ? rowOf(id) : undefined),
        isOffered: (id) => list.includes(id),
        standing: (id) => (barred.includes(id) ? { is: 'asks', change: null } : FREE),
      },
      engine: { findImage: (name) => Promise.resolve(engine.includes(name) ? image : undefined) },
      registryOf: (id) => ({
        async has() {
          const { repository } = splitId(id)
          asked.push(id)
          if (hangs.includes(repository)) return new Promise<boolean>(() => {})
          if (down.includes(repository)) throw new Error('connection refused')
          return registry.includes(id)
        },
      }),
      log: openLog('test', 'silent'),
    },
    given,
  )
  const pairOf = async (id: PreviewId, name = 'api') => (await findPairs(id))![name]!.preview
  return { findPairs, pairOf, asked }
}

test('a pair exists where a click would open it: on the engine, or in the registry', async () => {
  assert.equal(await open({ rows: ['api/pr-7'] }).pairOf('pr-7'), 'api/pr-7')
  assert.equal(await open({ engine: ['reg/api:pr-7'] }).pairOf('pr-7'), 'api/pr-7')
  assert.equal(await open({ registry: ['api/pr-7', 'api/main'] }).pairOf('pr-7'), 'api/pr-7')
  assert.equal(await open({ registry: ['api/main'] }).pairOf('pr-7'), 'api/main')
  assert.equal(await open({ registry: ['main'] }).pairOf('api/pr-7', ''), 'main')
  const refused = { registry: ['api/pr-7', 'api/main'], offers: (id: PreviewId) => id !== 'api/pr-7' }
  assert.equal(await open(refused).pairOf('pr-7'), 'api/main')
})

test('what is being removed exists only where the registry has it', async () => {
  const going = { going: ['api/pr-7'], engine: ['reg/api:pr-7'] }
  assert.equal(await open({ ...going, registry: ['api/main'] }).pairOf('pr-7'), 'api/main')
  assert.equal(await open({ ...going, registry: ['api/pr-7'] }).pairOf('pr-7'), 'api/pr-7')
})

test('nothing is asked of one repository alone, nor of what the engine has', async () => {
  const alone = open({}, {})
  assert.equal(await alone.findPairs('pr-7'), undefined)
  assert.deepEqual(alone.asked, [])
  const here = open({ rows: ['api/pr-7', 'api/main', 'api/latest'] }, { api: 'reg/api' })
  await here.findPairs('pr-7')
  assert.deepEqual(here.asked, [])
})

test('a registry that is away leaves the others alone, and is not waited for again', async () => {
  for (const away of [{ hangs: ['api'] }, { down: ['api'] }]) {
    const { findPairs, asked } = open({ ...away, registry: ['docs/pr-7'], list: ['api/latest'] })
    const found = await findPairs('pr-7')
    assert.deepEqual(found, {
      api: { preview: 'api/latest', isSure: false },
      docs: { preview: 'docs/pr-7', isSure: true },
    })
    const before = asked.length
    assert.deepEqual(await findPairs('pr-7'), found)
    assert.equal(asked.length, before)
  }
  assert.equal(await open({ hangs: ['api'] }).pairOf('pr-7'), 'api/main')
})

test('starts side by side, and soon after one another, ask once', async () => {
  const { findPairs, asked } = open({ registry: ['api/main'] }, { api: 'reg/api' })
  await Promise.all(Array.from({ length: 20 }, () => findPairs('pr-7')))
  await findPairs('pr-7')
  assert.deepEqual(asked, ['api/pr-7', 'api/main', 'api/latest'])
  const forgets = open({ registry: ['api/main'] }, { api: 'reg/api' }, { ...times, kept: 1 })
  await forgets.findPairs('pr-7')
  await sleep(5)
  await forgets.findPairs('pr-7')
  assert.equal(forgets.asked.length, 6)
})

test('a candidate that may not run is none, and no registry is asked about it', async () => {
  const { pairOf, asked } = open({ rows: ['api/pr-7'], registry: ['api/pr-7', 'api/main'], barred: ['api/pr-7'] })
  assert.equal(await pairOf('pr-7'), 'api/main')
  assert.ok(!asked.includes('api/pr-7'))
})
