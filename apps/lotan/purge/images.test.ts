import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container } from '../../shared/engine/engine.ts'
import { imagesOf, removeBuilt, removePulled, serviceImagesOf } from './images.ts'

const red = { id: 'sha256:1', reference: 'reg.test/app', tag: 'red' }

/** An engine with one image. @param inUse by a container */
function engineWith(names: string[] | undefined, digests: string[] = [], inUse = false) {
  const removed: string[] = []
  return {
    removed,
    namesOf: async () => names,
    digestNamesOf: async () => digests,
    removeImage: async (name: string) => {
      removed.push(name)
      return inUse ? ('in-use' as const) : ('removed' as const)
    },
  }
}

test('an image goes by its own name; what others named or use stays', async () => {
  const table: [Parameters<typeof engineWith>, removed: string[], left: RegExp | undefined][] = [
    [[undefined], [], undefined],
    [[['reg.test/app:red']], ['reg.test/app:red'], undefined],
    [[['reg.test/app:red', 'mine:1']], ['reg.test/app:red'], undefined],
    [[['mine:1']], [], /it is mine:1 now/],
    [[[], ['reg.test/app@sha256:a', 'other.test/app@sha256:a']], ['reg.test/app@sha256:a'], undefined],
    [[['reg.test/app:red'], [], true], ['reg.test/app:red'], /a container that is not of this Lotan uses it/],
  ]
  for (const [given, removed, left] of table) {
    const engine = engineWith(...given)
    const gone = await removePulled(engine, red)
    assert.deepEqual(engine.removed, removed)
    if (left) assert.match((gone as { left: string }).left, left)
    else assert.equal(gone, 'removed')
  }
})

test('what all Lotans of an engine share stays while there is another', async () => {
  const engine = engineWith(['lotan-sandbox:0'])
  assert.match(((await removeBuilt(engine, 'lotan-sandbox:0', true)) as { left: string }).left, /another Lotan/)
  assert.deepEqual(engine.removed, [])
  assert.equal(await removeBuilt(engine, 'lotan-sandbox:0', false), 'removed')
})

test('without a database the containers tell which images Lotan pulled', () => {
  const container = (image: string, tag: string, pulled: boolean) =>
    ({ image, tag, pulled, reference: 'reg.test/app', repository: '', id: `c-${tag}` }) as Container
  const containers = [container('sha256:1', 'red', true), container('sha256:2', 'built-here', false)]
  assert.deepEqual(imagesOf([], containers), [red])
  assert.deepEqual(imagesOf([{ ...red, repository: '', digest: 'sha256:d' }], containers), [red])
})

test('images of services go by the names that Lotan pulled them by', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  assert.deepEqual(
    serviceImagesOf([
      { id: '1', image: 'postgres:16' },
      { id: '2', image: `reg.test:5000/team/db@${digest}` },
    ]),
    [
      { id: '1', reference: 'postgres', tag: '16' },
      { id: '2', reference: 'reg.test:5000/team/db', tag: '' },
    ],
  )
})
