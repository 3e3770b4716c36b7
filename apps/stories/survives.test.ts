/** The crash contract of docs/operate.md: what visitors see while a part is away, and that it comes back by itself. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLoad } from '../testing/clients/load.ts'
import { openEngineProxy, type EngineProxy } from '../testing/harness/engine-proxy.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { emptyRedis, freeze, lockDatabase, loseRedis, reboot, takeAway } from '../testing/scenarios/accidents.ts'

/** What visitors of a preview that runs may get beside its own answers. */
type Seen = 'nothing else' | 'lost connections' | 'waits'

interface Row {
  what: string
  happens: () => Promise<void>
  seen: Seen
}

describe('a preview that is visited', { timeout: 300_000 }, () => {
  let registry: Registry
  let engine: EngineProxy
  let lotan: Lotan

  const rows: Row[] = [
    { what: 'the router is killed', happens: () => lotan.killPart('router'), seen: 'nothing else' },
    { what: 'the router hangs for 3 s', happens: () => freeze(lotan, 'router', 3_000), seen: 'nothing else' },
    { what: 'the queue-processor is killed', happens: () => lotan.killPart('queue-processor'), seen: 'nothing else' },
    { what: 'the reaper is killed', happens: () => lotan.killPart('reaper'), seen: 'nothing else' },
    { what: 'nginx is killed', happens: () => lotan.killPart('nginx'), seen: 'lost connections' },
    { what: 'Redis is killed', happens: () => lotan.killPart('redis'), seen: 'nothing else' },
    { what: 'Redis is emptied', happens: () => emptyRedis(lotan), seen: 'nothing else' },
    { what: 'Redis loses its files', happens: () => loseRedis(lotan), seen: 'nothing else' },
    { what: 'the database is locked for 4 s', happens: () => lockDatabase(lotan, 4_000), seen: 'nothing else' },
    { what: 'the engine is away for 5 s', happens: () => takeAway(engine, 5_000), seen: 'nothing else' },
    { what: 'the engine hangs for 5 s', happens: () => engine.hang(5_000), seen: 'nothing else' },
    { what: 'the machine reboots', happens: () => reboot(lotan), seen: 'waits' },
  ]
  const cold = rows.map((_, i) => `cold-${i}`)

  before(async () => {
    registry = await startImageRegistry()
    engine = await openEngineProxy()
    await buildApps(registry.repository, ['warm', ...cold])
    lotan = await startLotan({ repository: registry.repository, env: { DOCKER_HOST: `unix://${engine.socket}` } })
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
      const happened = happens()
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
        JSON.stringify({ over: over - began, ready: ready - over, clicked: clicked - over, served: served(), others }),
      )
      assert.deepEqual([status, text], [200, cold[i]])
      assert.deepEqual([...load.wrong()], [])
      const isLost = (what: string) => /^E[A-Z]+$/.test(what)
      if (seen === 'nothing else') assert.deepEqual(others, {})
      if (seen === 'lost connections') assert.ok(Object.keys(others).every(isLost), JSON.stringify(others))
      if (seen === 'waits')
        assert.ok(
          Object.keys(others).every((what) => isLost(what) || what === '503'),
          JSON.stringify(others),
        )
    })
})
