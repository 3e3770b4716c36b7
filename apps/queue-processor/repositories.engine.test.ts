/** Several repositories: one whose registry is away leaves the others alone, and one that is listed no more goes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { openHarness, type Harness } from './harness.ts'

describe('of several repositories', { timeout: 300_000 }, () => {
  let registry: Registry
  /** Accepts and never answers. */
  let silent: net.Server
  let harness: Harness
  const sockets = new Set<net.Socket>()

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['red', 'green', 'ahead']) await publishSmall(`${registry.repository}:${tag}`, tag)
    silent = net.createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const at = `127.0.0.1:${(silent.address() as AddressInfo).port}`
    harness = await openHarness(registry.repository, {
      LOTAN_REPOSITORIES: `api=${at}/team/api gone=127.0.0.1:1/team/gone`,
      LOTAN_PREPULL: '^ahead$',
    })
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    silent?.close()
    await harness?.close()
    await registry?.close()
  })

  const states = (ids: string[]) => ids.map(harness.state)

  test('those whose registries are away do not hold up what is pulled ahead of another', async () => {
    harness.startWorker()
    for (const repository of ['', 'api', 'gone']) harness.store.offer(repository, [{ tag: 'ahead', digest: null }])
    await harness.nudges.prepull('gone/ahead')
    await until('the prepull of the one that is down has failed', async () => {
      const { waiting, active } = (await harness.nudges.lanes()).prepull
      return waiting + active === 0
    })
    await harness.nudges.prepull('api/ahead')
    await until('the silent one is asked', () => sockets.size > 0)
    await harness.nudges.prepull('ahead')
    await harness.untilState('ahead', 'stopped')
    assert.equal((await harness.nudges.lanes()).prepull.active, 1, 'the silent one is waited for still')
  })

  test('one whose registry accepts and never answers holds up no click on another', async () => {
    const listed = ['a', 'b', 'c', 'd', 'e', 'f'].map((tag) => `api/${tag}`)
    const guessed = ['1', '2', '3', '4', '5', '6', '7', '8'].map((tag) => `api/${tag}`)
    harness.store.offer('api', listed.map((id) => ({ tag: id.slice(4), digest: null }))) // prettier-ignore
    for (const id of [...listed, ...guessed]) await harness.click(id)
    const three = () => states(listed).filter((state) => state === 'pulling').length === 3
    await until('the lane of its pulls is full', three)
    // One that its list does not have is looked up first; one that waits for nobody is in another lane.
    await harness.click('red')
    await harness.untilState('red', 'running')
    await harness.ask('green', { type: 'start', by: 'api' })
    await harness.untilState('green', 'running')
    assert.ok(three(), `its pulls have ended meanwhile: ${states(listed).join()}`)
  })

  test('one that is listed no more is asked for nothing: what is queued of it is dropped', async () => {
    await harness.ask('old/queued', { type: 'start', by: 'visit' })
    for (const event of [
      { type: 'start', by: 'visit' },
      { type: 'absent', isOffered: true },
      { type: 'pull', places: 99 },
    ] as const)
      harness.store.apply('old/pulling', event)
    await harness.nudges.nudge(harness.store.get('old/pulling')!)
    await until('they are gone', () => states(['old/queued', 'old/pulling']).every((state) => state === 'unknown'))
    const told = ['old/queued', 'old/pulling'].flatMap((id) => harness.store.history(id).map(({ event }) => event))
    assert.ok(!told.includes('fail'), told.join())
  })
})
