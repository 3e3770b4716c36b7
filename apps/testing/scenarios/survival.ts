/**
 * While a part is away visitors of a preview that runs notice no more than is told of it, a click on another one ends in
 * its application, and the part comes back by itself.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLoad } from '../clients/load.ts'
import { openEngineProxy, type EngineProxy } from '../harness/engine-proxy.ts'
import { startLotan, type Lotan } from '../harness/lotan.ts'
import { until } from '../harness/until.ts'
import { buildApps } from '../images/build.ts'
import { startImageRegistry, type Registry } from '../registries/image-registry.ts'

/** What visitors of a preview that runs may get beside its own answers. */
type Seen = 'nothing else' | 'lost connections' | 'waits'

export interface Row {
  what: string
  happens: (lotan: Lotan, engine: EngineProxy) => Promise<void>
  seen: Seen
}

/** A test of each row. @param env more settings of its Lotan */
export function testSurvival(rows: Row[], timeout: number, env: Record<string, string> = {}): void {
  describe('a preview that is visited', { timeout }, () => {
    let registry: Registry
    let engine: EngineProxy
    let lotan: Lotan

    const cold = rows.map((_, i) => `cold-${i}`)

    before(async () => {
      registry = await startImageRegistry()
      engine = await openEngineProxy()
      await buildApps(registry.repository, ['warm', ...cold])
      lotan = await startLotan({
        repository: registry.repository,
        env: { DOCKER_HOST: `unix://${engine.socket}`, ...env },
      })
      await lotan.request('warm', { path: '/plain' })
    })
    after(async () => {
      await lotan?.stop()
      await engine?.close()
      await registry?.close()
    })

    for (const [i, { what, happens, seen }] of rows.entries())
      test(`is served while ${what}: ${seen}; a click meanwhile ends in its application`, async (t) => {
        await until('it is visited again', async () => (await lotan.request('warm', { path: '/plain' })).status === 200)
        const load = startLoad(lotan, ['warm'], { pause: 10 })
        const served = () => load.served().get('warm') ?? 0
        await until('it is visited', () => served() > 50)
        const began = Date.now()
        const happened = happens(lotan, engine)
        const click = lotan.click(cold[i]!, '/plain')
        await happened
        const over = Date.now()
        await lotan.ready()
        const ready = Date.now()
        const { status, text } = await click
        const clicked = Date.now()
        const before = served()
        await until('it is visited on', () => served() > before + 50)
        await load.stop()
        const others = Object.fromEntries(load.others())
        t.diagnostic(
          JSON.stringify({
            over: over - began,
            ready: ready - over,
            clicked: clicked - over,
            served: served(),
            others,
          }),
        )
        assert.deepEqual([status, text], [200, cold[i]])
        assert.deepEqual([...load.wrong()], [])
        const isLost = (what: string) => /^E[A-Z]+$/.test(what)
        if (seen === 'nothing else') assert.deepEqual(others, {})
        if (seen === 'lost connections') assert.ok(Object.keys(others).every(isLost), JSON.stringify(others))
        if (seen === 'waits')
          assert.ok(
            // A navigation that comes as the route appears is sent to its own address once more.
            Object.keys(others).every((what) => isLost(what) || what === '503' || what === '307'),
            JSON.stringify(others),
          )
      })
  })
}
