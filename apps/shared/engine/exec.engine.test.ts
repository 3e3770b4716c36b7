import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { buildSmall } from '../../testing/images/build.ts'
import { engine } from '../../testing/images/kept-bases.ts'
import { docker, removeByHand, removeImageByHand } from '../../testing/harness/docker.ts'
import { until } from '../../testing/harness/until.ts'

const reference = 'lotan-test-exec:1'
const shell = (script: string) => ['/bin/busybox', 'sh', '-c', script]

describe('a command in a container', { timeout: 60_000 }, () => {
  let container: string

  before(async () => {
    await buildSmall(reference, 'exec')
    container = await engine.create({ Image: reference, HostConfig: { NetworkMode: 'none' } })
    await engine.start(container)
  })
  after(async () => {
    await removeByHand(container)
    await removeImageByHand(reference)
  })

  test('its exit code and its last lines come back', async () => {
    const done = await engine.exec(container, shell('for i in 1 2 3; do echo line $i; done; exit 4'), {
      ms: 10_000,
      lines: 2,
    })
    assert.deepEqual(done, { exitCode: 4, output: ['line 2', 'line 3'] })
  })

  test('of a flood of output the end comes back, and it is not kept waiting', async () => {
    const { exitCode, output } = await engine.exec(container, shell('/bin/busybox seq 1 200000'), {
      ms: 30_000,
      lines: 1,
    })
    assert.deepEqual([exitCode, output], [0, ['200000']])
  })

  test('one whose time is up has no exit code, and is killed', async () => {
    const { exitCode, output } = await engine.exec(container, shell('echo begins; exec /bin/busybox sleep 1000'), {
      ms: 500,
      lines: 5,
    })
    assert.deepEqual([exitCode, output], [null, ['begins']])
    await until('its process is gone', async () => {
      const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${container}/top`)
      return !Processes.some((fields) => fields.join(' ').includes('sleep 1000'))
    })
  })

  test('a container that does not run takes none', async () => {
    await engine.kill(container)
    await assert.rejects(engine.exec(container, shell('true'), { ms: 1_000, lines: 1 }), { name: 'EngineError' })
  })
})
