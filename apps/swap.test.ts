/** The worst thing Lotan could do is show one preview under another's host. Here two previews swap their addresses. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SLOT_REST_MS } from './shared/store.ts'
import { startLotan, type Lotan } from './testing/bed.ts'
import { removeByHand } from './testing/docker.ts'
import { buildApp } from './testing/images.ts'
import { startRegistry, type Registry } from './testing/registry.ts'
import { until } from './testing/until.ts'

const robot = { 'User-Agent': 'uptime-kuma/1.0' }

describe('two previews that swap slots under load', { timeout: 150_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startRegistry()
    for (const tag of ['left', 'right']) await buildApp(`${registry.repository}:${tag}`)
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
    await lotan.click('left', '/plain')
    await lotan.click('right', '/plain')
    const first = { left: slot('left'), right: slot('right') }

    const load = startLoad(lotan, ['left', 'right'])
    try {
      // Both go to the two slots that were never used; what they leave rests.
      await lose('left')
      await lose('right')
      const rested = Date.now() + SLOT_REST_MS
      await until('the first slots have rested', () => Date.now() > rested + 500, {
        within: SLOT_REST_MS + 5_000,
        every: 250,
      })
      // And back, the other way round.
      await lose('right')
      await lose('left')
      assert.deepEqual({ left: slot('left'), right: slot('right') }, { left: first.right, right: first.left })
      const served = load.served()
      await until('both serve again', () => load.served() > served + 200)
    } finally {
      await load.stop()
    }
    assert.deepEqual(load.wrong(), [])
    assert.ok(load.served() > 1_000, `only ${load.served()} answers came`)
  })

  function slot(tag: string): number | null {
    const preview = lotan.store.get(tag)
    return preview?.state === 'running' ? preview.generation.slot : null
  }

  /** `docker rm -f`, and the visitors bring it back. */
  async function lose(tag: string) {
    const was = lotan.store.get(tag)?.generations
    await removeByHand(await lotan.containerOf(tag))
    await until(`${tag} is back`, () => {
      const preview = lotan.store.get(tag)
      return preview?.state === 'running' && preview.generations !== was
    })
  }
})

/** Visitors and robots, on new connections and kept ones, each of whom knows whose page it wants. */
function startLoad(lotan: Lotan, tags: string[]) {
  const wrong: string[] = []
  let served = 0
  let over = false
  const visitors = tags.flatMap((tag) =>
    [{}, robot].flatMap((headers) =>
      [true, false].map(async (keepAlive) => {
        const agent = new http.Agent({ keepAlive, maxSockets: 1 })
        while (!over) {
          const answer = await lotan.request(tag, { path: '/plain', headers, agent }).catch(() => undefined)
          if (answer?.status === 200) {
            served++
            if (answer.text !== tag || answer.headers['x-app-tag'] !== tag) wrong.push(`${answer.text} under ${tag}`)
          }
          await sleep(20)
        }
        agent.destroy()
      }),
    ),
  )
  return {
    wrong: () => wrong,
    served: () => served,
    async stop() {
      over = true
      await Promise.all(visitors)
    },
  }
}
