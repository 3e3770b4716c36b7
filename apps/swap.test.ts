/** The worst thing Lotan could do is show one preview under another's host. Here two previews swap their addresses. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from './testing/bed.ts'
import { kill } from './testing/docker.ts'
import { buildApps } from './testing/images.ts'
import { startLoad } from './testing/load.ts'
import { startRegistry, type Registry } from './testing/registry.ts'
import { until } from './testing/until.ts'

describe('two previews that swap slots under load', { timeout: 150_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startRegistry()
    await buildApps(registry.repository, ['left', 'right'])
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_SLOTS: '4', LOTAN_MAX_RUNNING: '3', LOTAN_HOLD_SECONDS: '10' },
    })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('never show one under the other’s host', async () => {
    const had: Record<string, Set<number>> = { left: new Set(), right: new Set() }
    for (const tag of ['left', 'right']) await up(tag, 0)
    const load = startLoad(lotan, ['left', 'right'])
    try {
      // Four slots, each of which rests 30 s: soon each is given the other's. Until then their visitors are held.
      for (let round = 0; !swapped(); round++) {
        assert.ok(round < 5, 'they never swapped')
        for (const tag of round % 2 ? ['right', 'left'] : ['left', 'right']) {
          const { readyAt } = running(tag)!
          await kill(await lotan.containerOf(tag))
          await up(tag, readyAt)
        }
      }
      const served = load.served()
      await until('both serve on', () => load.served() > served + 200)
    } finally {
      await load.stop()
    }
    assert.deepEqual(load.wrong(), [])
    assert.ok(load.served() > 1_000, `only ${load.served()} answers came`)

    /** Whether both now have a slot that was the other's. */
    function swapped(): boolean {
      const [left, right] = [running('left')!.generation.slot, running('right')!.generation.slot]
      return had.left!.has(right) && had.right!.has(left)
    }

    /** Waits until a preview runs that was killed, and notes its slot. */
    async function up(tag: string, since: number) {
      const isBack = async () => {
        // To Lotan these are crashes: after some it stops trying, until somebody asks.
        if (lotan.store.get(tag)?.state !== 'running') await lotan.api('POST', '/previews', { tag })
        return (running(tag)?.readyAt ?? 0) > since
      }
      await until(`${tag} is back`, isBack, { within: 60_000 })
      had[tag]!.add(running(tag)!.generation.slot)
    }
  })

  function running(tag: string) {
    const preview = lotan.store.get(tag)
    return preview?.state === 'running' ? preview : undefined
  }
})
