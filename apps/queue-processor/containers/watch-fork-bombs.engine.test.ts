/** Fork bombs on a real engine: they are curbed while they last, and no longer. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { docker } from '../../testing/harness/docker.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { until } from '../../testing/harness/until.ts'
import { openHarness, type Harness } from '../harness.ts'
import { watchBombs } from './watch-fork-bombs.ts'

/** What asks for more and more lasts until there is a file `/stop`. Only an interactive shell outlives a refusal. */
const bomb = `(sleep 1; yes '[ -e /stop ] && exit; sleep 600 &' | sh -i >/dev/null 2>&1) & exec httpd -f -p 80 -h /www`

describe('a fork bomb', { timeout: 300_000 }, () => {
  const ending = new AbortController()
  let registry: Registry
  let harness: Harness
  let watching: Promise<void> | undefined

  before(async () => {
    registry = await startImageRegistry()
    const { repository } = registry
    await publishSmall(`${repository}:bomb`, 'bomb', { cmd: ['sh', '-c', bomb] })
    await publishSmall(`${repository}:calm`, 'calm')
    harness = await openHarness(repository, {
      LOTAN_CONTAINER_PIDS: '64',
      LOTAN_CONTAINER_CPUS: '0.5',
      // With half a processor, on a machine that has others to serve.
      LOTAN_START_TIMEOUT_SECONDS: '60',
    })
    harness.startWorker()
    watching = watchBombs(harness.deps, ending.signal)
    for (const tag of ['bomb', 'calm']) await harness.click(tag)
  })
  after(async () => {
    ending.abort()
    await watching
    await harness?.close()
    await registry?.close()
  })

  const quota = async (tag: string) => (await found(tag))?.cpuQuota
  async function found(tag: string) {
    const preview = await harness.untilState(tag, 'running')
    return harness.engine.inspect(preview.generation.container)
  }
  const notices = (tag: string) => harness.store.get(tag)?.notices.map(({ code }) => code)

  test('gets little of the processor within seconds, and the admin is told; its neighbour has all it may', async (t) => {
    await harness.untilState('calm', 'running')
    const { readyAt } = await harness.untilState('bomb', 'running')
    await until('the bomb is curbed', async () => (await quota('bomb')) === 20_000, { within: 60_000 })
    t.diagnostic(`${Date.now() - readyAt} ms after its first answer`)
    await until('the admin is told', () => notices('bomb')?.includes('curbed'))
    assert.equal(await quota('calm'), 50_000)
    assert.deepEqual(notices('calm'), [])
  })

  test('and its neighbour each have a control group of their own weight, and none that all containers share', async () => {
    for (const tag of ['bomb', 'calm']) {
      const { pid } = (await found(tag))!
      const groups = await fs.readFile(`/proc/${pid}/cgroup`, 'utf8')
      assert.match(groups, /[0-9a-f]{64}/)
      assert.doesNotMatch(groups, /:\/docker\//)
    }
  })

  test('has all it may again, some time after it has stopped', async () => {
    const { pid } = (await found('bomb'))!
    await fs.writeFile(`/proc/${pid}/root/stop`, '')
    await until('it is not curbed', async () => (await quota('bomb')) === 50_000, { within: 60_000 })
    await until('the admin is not told any more', () => !notices('bomb')?.includes('curbed'))
  })

  test('that ended while it was curbed is started again as everything is', async () => {
    const { id } = (await found('calm'))!
    await docker('POST', `/containers/${id}/update`, { CpuQuota: 20_000 })
    await harness.ask('calm', { type: 'stop', why: 'asked' })
    await harness.untilState('calm', 'stopped')
    await harness.click('calm')
    const after = await found('calm')
    assert.equal(after?.id, id)
    assert.equal(after?.cpuQuota, 50_000)
  })
})
