/** Previews that come and go in every way there is, on few slots and under load: never a wrong page. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan, type Lotan } from './testing/bed.ts'
import { kill, removeByHand } from './testing/docker.ts'
import { buildApps } from './testing/images.ts'
import { startLoad, type Load } from './testing/load.ts'
import { startRegistry, type Registry } from './testing/registry.ts'

const tags = ['one', 'two', 'three', 'four']
const MINUTES = 6

describe('previews that share slots', { timeout: (MINUTES + 3) * 60_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  const loads: Load[] = []

  before(async () => {
    registry = await startRegistry()
    await buildApps(registry.repository, tags)
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_SLOTS: '6', LOTAN_MAX_RUNNING: '4', LOTAN_HOLD_SECONDS: '10' },
    })
  })
  after(async () => {
    for (const load of loads) await load.stop()
    await lotan?.stop()
    await registry?.close()
  })

  test('never show one under another’s host', async () => {
    // People wake what is stopped, so two of the four are asked by robots alone.
    loads.push(startLoad(lotan, ['one', 'two']), startLoad(lotan, ['three', 'four'], { people: false }))
    const slots = new Map<number, Set<string>>()
    const until = Date.now() + MINUTES * 60_000
    for (let step = 0; Date.now() < until; step++) {
      const tag = tags[step % tags.length]!
      await disturb(tag, step)
      await sleep(2_000 + (step % 5) * 700)
      for (const preview of lotan.store.list())
        if (preview.state === 'running') {
          const { slot } = preview.generation
          slots.set(slot, (slots.get(slot) ?? new Set()).add(preview.tag))
        }
    }
    for (const load of loads) {
      assert.deepEqual(load.wrong(), [])
      assert.ok(load.served() > 1_000, `only ${load.served()} answers came`)
    }
    const shared = [...slots.values()].filter((users) => users.size > 1).length
    assert.ok(shared >= 3, `only ${shared} slots were used by more than one`)
  })

  async function disturb(tag: string, step: number) {
    const container = await lotan.containerOf(tag).catch(() => undefined)
    switch (step % 7) {
      case 0:
        return container && kill(container)
      case 1:
        return lotan.api('POST', `/previews/${tag}/stop`)
      case 2:
        return container && removeByHand(container)
      case 3:
        return lotan.api('DELETE', `/previews/${tag}`)
      case 4:
        return lotan.killPart(step % 2 ? 'router' : 'nginx')
      case 5:
        return lotan.api('POST', `/previews/${tag}/restart`)
      default:
        for (const each of tags) await lotan.api('POST', '/previews', { tag: each })
    }
  }
})
