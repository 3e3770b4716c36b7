/** What a container takes, by its control group; the engine's own figures are the measure. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { docker, removeByHand, removeImageByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'
import { buildSmall } from '../../testing/images/build.ts'
import { engine } from '../../testing/images/kept-bases.ts'

const reference = `lotan-test/usage:${process.pid}`

/** Milliseconds. */
const ROUNDING = 0.001

interface Stats {
  memory_stats: { usage: number }
  cpu_stats: { cpu_usage: { total_usage: number } }
}

describe('what a container takes', { timeout: 300_000 }, () => {
  let id = ''
  before(async () => {
    const cmd = ['/bin/busybox', 'sh', '-c', 'while true; do :; done']
    await buildSmall(reference, 'usage', { cmd })
    const HostConfig = { CpuPeriod: 100_000, CpuQuota: 10_000 }
    id = (await docker<{ Id: string }>('POST', '/containers/create', { Image: reference, HostConfig })).Id
    await docker('POST', `/containers/${id}/start`)
  })
  after(async () => {
    await removeByHand(id)
    await removeImageByHand(reference)
  })

  test('it is what the engine tells, goes on after a restart, and is nothing where it does not run', async () => {
    const used = await until('it has used the processor', async () => {
      const usage = await engine.usage(id)
      return usage && usage.cpu > 50 ? usage : undefined
    })
    const told = await docker<Stats>('GET', `/containers/${id}/stats?stream=false&one-shot=true`)
    // It may have had no turn in between, and then only the rounding differs.
    const toldCpu = told.cpu_stats.cpu_usage.total_usage / 1e6
    assert.ok(toldCpu >= used.cpu - ROUNDING)
    assert.ok(used.memory > 0 && used.memory <= told.memory_stats.usage + 1e6)
    const later = (await engine.usage(id))!
    assert.ok(later.cpu >= toldCpu - ROUNDING)

    await docker('POST', `/containers/${id}/kill`)
    await until('it has ended', async () => (await engine.usage(id)) === undefined)
    await docker('POST', `/containers/${id}/start`)
    const again = await until('it is read again', () => engine.usage(id))
    assert.ok(again.cpu < later.cpu)
    assert.equal(await engine.usage('f00d'.repeat(16)), undefined)
  })
})
