/** The engine away for ten minutes, as after an upgrade that goes wrong: a calm log, a calm processor, and all goes on after it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openEngineProxy, type EngineProxy } from '../testing/harness/engine-proxy.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { familyOf, processorTimeOf } from '../testing/harness/processes.ts'
import { buildApps } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const MINUTES = 10
/** Of the launcher and all that it started. */
const MOST_PERCENT = 5
/** Each part says once that the engine does not answer; a preview that waits for it is tried with longer and longer pauses. */
const MOST_LINES = 40

describe('an engine that is away for ten minutes', { timeout: (MINUTES + 5) * 60_000 }, () => {
  let registry: Registry
  let engine: EngineProxy
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    engine = await openEngineProxy()
    await buildApps(registry.repository, ['warm', 'cold'])
    lotan = await startLotan({ repository: registry.repository, env: { DOCKER_HOST: `unix://${engine.socket}` } })
    await lotan.request('warm', { path: '/plain' })
  })
  after(async () => {
    await lotan?.stop()
    await engine?.close()
    await registry?.close()
  })

  test('leaves a calm log and a calm processor, and what was asked for meanwhile is done after it', async (t) => {
    const used = () => familyOf(lotan.launcher()).reduce((all, { pid }) => all + processorTimeOf(pid), 0)
    // Redis tells of each time that it writes its file.
    const lines = async () => (await lotan.output()).split('\n').filter((line) => line.startsWith('{"level"'))
    await engine.goAway()
    await lotan.request('cold', { headers: { Accept: 'text/html' } })
    const before = { used: used(), lines: (await lines()).length, at: performance.now() }
    await sleep(MINUTES * 60_000)
    const seconds = (performance.now() - before.at) / 1_000
    const percent = ((used() - before.used) / seconds) * 100
    const said = (await lines()).slice(before.lines)
    t.diagnostic(`${percent.toFixed(1)} % of a processor, ${said.length} lines`)
    assert.ok(percent < MOST_PERCENT, `${percent} %`)
    assert.ok(said.length < MOST_LINES, said.join('\n'))

    await engine.comeBack()
    assert.equal((await lotan.click('cold', '/plain')).text, 'cold')
    assert.equal((await lotan.request('warm', { path: '/plain' })).text, 'warm')
  })
})
