/** Data of previews that run: frozen for a snapshot, restarted for a reset, and gone with the preview. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../../testing/harness/until.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { openHarness, type Harness } from '../harness.ts'
import { runBeside } from './harness.ts'

const admin = { who: 'admin', address: null }

describe('data of a preview that runs', { timeout: 300_000 }, () => {
  let registry: Registry
  let harness: Harness

  before(async () => {
    registry = await startImageRegistry()
    const image = `${registry.repository}-part:1`
    await buildSmall(image, 'part')
    const script = JSON.stringify([
      '/bin/busybox',
      'sh',
      '-c',
      'echo run >> /d/runs; trap "exit 0" TERM; while :; do sleep 0.1; done',
    ])
    const stackWith = (volume: string) => `services:
  app: { environment: { PASSWORD: '\${LOTAN_SECRET_DB}' } }
  db: { image: ${image}, command: ${script}, environment: { PASSWORD: '\${LOTAN_SECRET_DB}' }, volumes: ['data:/d'] }
volumes: { data: ${volume} }
`
    for (const [tag, volume] of Object.entries({ 'pr-1': '{}', 'pr-2': '{ x-lotan: { from: golden } }' }))
      await publishSmall(`${registry.repository}:${tag}`, tag, { labels: { 'lotan.stack': stackWith(volume) } })
    harness = await openHarness(registry.repository, { LOTAN_START_TIMEOUT_SECONDS: '20' })
    harness.startWorker()
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
  })

  const volume = (tag = 'pr-1') => harness.store.volumes.of(tag)[0]!.engine
  const runs = async (tag = 'pr-1') => (await runBeside({ v: volume(tag) }, 'cat /v/runs')).split('\n').length
  const statuses = async () => {
    const { containers, services } = await harness.engine.listBoth('pr-1')
    return [...containers, ...services].map(({ status }) => status)
  }

  async function reset(from: string | null) {
    assert.ok(harness.store.resets.ask('pr-1', from, Date.now(), admin))
    await harness.nudges.data('pr-1')
    await until('the data is another', () => harness.store.resets.find('pr-1')?.state === 'done')
    await harness.untilState('pr-1', 'running')
  }

  test('it goes on after a snapshot, in the containers that it had', async () => {
    await harness.click('pr-1')
    const { generation } = await harness.untilState('pr-1', 'running')
    assert.equal(await runs(), 1)
    harness.store.snapshots.ask('golden', 'pr-1', Date.now(), admin)
    await harness.nudges.data('pr-1')
    const made = await until('it is made', () => {
      const found = harness.store.snapshots.find('golden')
      return found && found.state !== 'asked' && found
    })
    assert.equal(made.state, 'ready', made.reason ?? '')
    assert.ok(made.frozen! > 0)
    await until('all go on', async () => (await statuses()).every((status) => status === 'running'))
    assert.equal((await statuses()).length, 2)
    assert.equal((await harness.untilState('pr-1', 'running')).generation.container, generation.container)
  })

  test('a reset restarts it on new data, and one to a snapshot on that', async () => {
    const before = volume()
    await reset(null)
    assert.notEqual(volume(), before)
    // Once by its own start, and not by those before.
    assert.equal(await runs(), 1)
    await harness.ask('pr-1', { type: 'restart' })
    await until('it has ended', () => harness.state('pr-1') !== 'running')
    await harness.untilState('pr-1', 'running')
    assert.equal(await runs(), 2)
    await reset('golden')
    assert.equal(await runs(), 2)
    const found = await harness.engine.listVolumes('pr-1')
    await until('the old volumes are gone', async () => {
      await harness.deps.volumes.round(Date.now())
      return (await harness.engine.listVolumes('pr-1')).length === 2
    })
    assert.ok(found.some(({ engine }) => engine === volume()))
  })

  test('another preview begins with the snapshot once that is published, and fails before', async () => {
    await harness.click('pr-2')
    const { reason } = await harness.untilState('pr-2', 'failed')
    assert.equal(reason.code, 'bad-stack')
    assert.match(reason.detail, /snapshot golden is of another preview, and not published/)
    harness.store.snapshots.publish('golden', true, Date.now(), admin)
    await harness.ask('pr-2', { type: 'start', by: 'button' })
    await harness.untilState('pr-2', 'running')
    assert.equal(await runs('pr-2'), 2)
    const { stackSalts } = harness.store
    assert.equal(stackSalts.find('pr-2'), stackSalts.find('pr-1'))
    await harness.ask('pr-2', { type: 'remove' })
    await until('it is gone', () => harness.state('pr-2') === 'unknown')
  })

  test('its removal takes its volumes along, and leaves the snapshot', async () => {
    await harness.ask('pr-1', { type: 'remove' })
    await until('it is gone', () => harness.state('pr-1') === 'unknown')
    const left = await harness.engine.listVolumes('pr-1')
    assert.deepEqual(
      left.map(({ snapshot }) => snapshot?.name),
      ['golden'],
    )
    assert.deepEqual(harness.store.volumes.of('pr-1'), [])
  })
})
