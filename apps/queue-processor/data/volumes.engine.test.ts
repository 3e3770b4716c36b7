/** Volumes of previews with the real engine: made, kept, emptied, removed, and found again without a database. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { removeVolumeByHand } from '../../testing/harness/docker.ts'
import { DAY, openDataHarness, volume, type DataHarness } from './harness.ts'

describe('volumes of previews', { timeout: 120_000 }, () => {
  let harness: DataHarness

  before(async () => {
    harness = await openDataHarness()
  })
  after(() => harness?.close())

  const v1 = { id: 'sha256:1' }
  const v2 = { id: 'sha256:2' }
  const names = async (id: string) => (await harness.engine.listVolumes(id)).map(({ engine }) => engine)

  test('a volume is made once, and keeps what is written over another image', async () => {
    const { volumes } = harness.open()
    const first = (await volumes.ensure('pr-1', { volumes: [volume('data')] }, v1)).get('data')!
    await harness.inside(first, 'echo kept > /v/file')
    const then = await volumes.ensure('pr-1', { volumes: [volume('data'), volume('more')] }, v2)
    assert.equal(then.get('data'), first)
    assert.equal(await harness.inside(first, 'cat /v/file'), 'kept')
    assert.deepEqual((await names('pr-1')).toSorted(), [first, then.get('more')!].toSorted())
  })

  test('another image empties what its stack wants new, and nothing else', async () => {
    const { volumes } = harness.open()
    const stack = { volumes: [volume('data', { onPush: 'reset' }), volume('uploads')] }
    const first = await volumes.ensure('pr-2', stack, v1)
    assert.deepEqual(await volumes.ensure('pr-2', stack, v1), first)
    const then = await volumes.ensure('pr-2', stack, v2)
    assert.notEqual(then.get('data'), first.get('data'))
    assert.equal(then.get('uploads'), first.get('uploads'))
    assert.deepEqual((await names('pr-2')).toSorted(), [...then.values()].toSorted())
  })

  test('one that was removed by hand is made again, and its history says so', async () => {
    const { store, volumes } = harness.open()
    const first = (await volumes.ensure('pr-3', { volumes: [volume('data')] }, v1)).get('data')!
    await removeVolumeByHand(first)
    const again = (await volumes.ensure('pr-3', { volumes: [volume('data')] }, v1)).get('data')!
    assert.deepEqual(await names('pr-3'), [again])
    const [told] = store.history('pr-3')
    assert.deepEqual([told?.event, told?.detail], ['volumeLost', 'data'])
  })

  test('removing a preview removes its volumes and what its secrets are made of', async () => {
    const { store, volumes } = harness.open()
    await volumes.ensure('pr-4', { volumes: [volume('data'), volume('more')] }, v1)
    assert.ok(store.stackSalts.find('pr-4'))
    await volumes.removeAll('pr-4')
    assert.deepEqual(
      [await names('pr-4'), store.volumes.of('pr-4'), store.stackSalts.find('pr-4')],
      [[], [], undefined],
    )
  })

  test('one that a container mounts stays until that is gone', async () => {
    const { store, volumes } = harness.open()
    const [engine] = (await volumes.ensure('pr-5', { volumes: [volume('data')] }, v1)).values()
    const release = await harness.mount(engine!)
    try {
      await volumes.removeAll('pr-5')
      assert.deepEqual(await names('pr-5'), [engine])
    } finally {
      await release()
    }
    await volumes.round(Date.now())
    assert.deepEqual([await names('pr-5'), store.volumes.list().filter(({ tag }) => tag === 'pr-5')], [[], []])
  })

  test('a round removes what is kept no longer, with its secrets, and keeps what a stack says', async () => {
    const { store, volumes } = harness.open()
    const stack = { volumes: [volume('data'), volume('long', { keep: 30 * DAY })] }
    const made = await volumes.ensure('pr-6', stack, v1)
    await volumes.round(Date.now() + 6 * DAY)
    assert.equal((await names('pr-6')).length, 2)
    await volumes.round(Date.now() + 8 * DAY)
    assert.deepEqual(await names('pr-6'), [made.get('long')])
    assert.ok(store.stackSalts.find('pr-6'))
    await volumes.round(Date.now() + 31 * DAY)
    assert.deepEqual([await names('pr-6'), store.stackSalts.find('pr-6')], [[], undefined])
  })

  test('without its database a preview has its data and its secrets again', async () => {
    const before = harness.open()
    const stack = { volumes: [volume('data', { onPush: 'reset' })] }
    const [first] = (await before.volumes.ensure('pr-7', stack, v1)).values()
    const secret = harness.secret(before.store, 'pr-7')
    const { store, volumes } = harness.open('lost.sqlite')
    // What it was used with is not known: it is not emptied.
    assert.deepEqual([...(await volumes.ensure('pr-7', stack, v2)).values()], [first])
    assert.equal(harness.secret(store, 'pr-7'), secret)
  })

  test('without its database the older of two counts, and the other is kept for a while', async () => {
    const old = harness.open('one.sqlite')
    const [first] = (await old.volumes.ensure('pr-8', { volumes: [volume('data')] }, v1)).values()
    // As a copy that was under way leaves it.
    const second = await harness.strangersVolume('pr-8', 'data')
    const { volumes } = harness.open('two.sqlite')
    assert.deepEqual([...(await volumes.ensure('pr-8', { volumes: [volume('data')] }, v1)).values()], [first])
    await volumes.round(Date.now() + 6 * DAY)
    assert.deepEqual((await names('pr-8')).toSorted(), [first, second].toSorted())
    await volumes.ensure('pr-8', { volumes: [volume('data')] }, v1)
    await volumes.round(Date.now() + 6.5 * DAY)
    await volumes.round(Date.now() + 7.1 * DAY)
    assert.ok(!(await names('pr-8')).includes(second))
  })

  test('what a crash left half made is removed', async () => {
    const { store, volumes } = harness.open()
    const half = await harness.strangersVolume('pr-9', 'data')
    store.volumes.add({ ...store.volumes.list()[0]!, engine: half, tag: 'pr-9', state: 'filling' })
    await volumes.round(Date.now())
    assert.deepEqual([await names('pr-9'), store.volumes.list().filter(({ tag }) => tag === 'pr-9')], [[], []])
  })
})
