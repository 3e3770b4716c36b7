import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh, type Preview } from '../../shared/preview/preview.ts'
import { openLog } from '../../shared/log.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { ServiceImage } from '../../shared/store/store.ts'
import { isNeeded, removeServiceImages } from './remove-service-images.ts'

const own = { id: 'app', digest: null, pulled: true, bytes: 9, created: null, labels: {}, ports: [] }
const known = { ...fresh, repository: '', tag: 'red', since: 0, image: own }
const stopped: Preview = { ...known, state: 'stopped', generation: null, why: 'idle' }
const cleaned: Preview = { ...stopped, image: null }
const pulling: Preview = { ...known, image: null, state: 'pulling', progress: null }
const row = {
  repository: '',
  tag: 'red',
  name: 'db',
  image: 'docker.io/library/postgres:16',
  imageId: 'pg',
} as ServiceRow
const pg: ServiceImage = { id: 'pg', image: 'postgres:16', digest: 'sha256:p' }

const storeOf = (previews: Preview[], rows: ServiceRow[]) => ({
  get: () => previews[0],
  list: () => previews,
  services: { list: () => rows } as never,
})

test('an image is needed by each preview that has its own and runs a service from it, or is about to', () => {
  const table: [what: string, Preview[], ServiceRow[], boolean][] = [
    ['a sleeping preview', [stopped], [row], true],
    ['one whose image was removed', [cleaned], [row], false],
    ['one that is gone', [], [row], false],
    ['one that runs from a newer one', [stopped], [{ ...row, imageId: 'newer' }], false],
    ['one that pulls it now', [pulling], [{ ...row, imageId: null }], true],
    ['one that pulls a newer one', [pulling], [{ ...row, imageId: 'older' }], true],
    ['one that pulls another', [pulling], [{ ...row, imageId: null, image: 'redis' }], false],
    ['a preview whose own it is', [{ ...stopped, image: { ...own, id: 'pg' } }], [], true],
  ]
  for (const [what, previews, rows, expected] of table)
    assert.equal(isNeeded(pg, storeOf(previews, rows)), expected, what)
})

/** An engine with one image. */
function engineWith(names: string[] | undefined, digestNames: string[], answer: 'removed' | 'in-use' = 'removed') {
  const asked: string[] = []
  return {
    asked,
    namesOf: async () => names,
    digestNamesOf: async () => digestNames,
    removeImage: async (name: string) => (asked.push(name), answer),
  }
}

test('it goes by its own name alone; one that a container uses is tried again later', async () => {
  const table: [Parameters<typeof engineWith>, asked: string[], isForgotten: boolean][] = [
    [[['postgres:16'], []], ['postgres:16'], true],
    [[['mine:1', 'postgres:16'], []], ['postgres:16'], true],
    [[['postgres:16'], [], 'in-use'], ['postgres:16'], false],
    [[['mine:1'], []], [], true],
    [[[], ['mirror.test/postgres@sha256:p', 'postgres@sha256:p']], ['postgres@sha256:p'], true],
    [[undefined, []], [], true],
  ]
  for (const [given, asked, isForgotten] of table) {
    const engine = engineWith(...given)
    const forgotten: ServiceImage[] = []
    const serviceImages = {
      list: () => [pg],
      forget: (image: ServiceImage) => void forgotten.push(image),
      note: () => {},
    }
    const store = { ...storeOf([], []), serviceImages }
    await removeServiceImages({ store, engine, log: openLog('test', 'silent') })
    assert.deepEqual([engine.asked, forgotten.length > 0], [asked, isForgotten], JSON.stringify(given))
  }
})
