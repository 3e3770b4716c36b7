/** What a preview's own processes may do: take all of the processor, memory, disk and log that there is. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Reason } from '../../../shared/preview/failure-reason.ts'
import { docker } from '../../harness/docker.ts'
import type { Lotan } from '../../harness/lotan.ts'
import { until } from '../../harness/until.ts'
import { buildSmall } from '../../images/build.ts'
import type { Attack, Bed } from './contained.ts'
import { besideAnswering, busy, scripts } from './scripts.ts'

/** The harness's Lotan gives each container one processor. With what a busy machine's clock may add. */
const MOST_CORES = 1.3
/** Three files of the engine's, and what it has not cut off yet. */
const MOST_LOG_BYTES = 60e6

/** @param ends asserts what became of the preview, and returns that in words */
function attack(name: string, tag: string, script: string, ends: (bed: Bed) => Promise<string>): Attack {
  return {
    name,
    tag,
    build: (reference) => buildSmall(reference, tag, { cmd: besideAnswering(script) }),
    async run(bed, measure) {
      const { lotan } = bed
      await lotan.click(tag)
      await until('it works at it', () => isAtWork(lotan, tag))
      await measure()
      return ends(bed)
    },
  }
}

/** As `attack`, of one that is left at it: within its limits. */
function kept(name: string, tag: string, script: string): Attack {
  const plain = attack(name, tag, script, () => Promise.resolve(''))
  return {
    ...plain,
    async run({ lotan }, measure) {
      let cores = NaN
      await plain.run({ lotan, neighbour: '' }, async () => {
        const [before, began] = [await processorTimeOf(lotan, tag), performance.now()]
        await measure()
        cores = ((await processorTimeOf(lotan, tag)) - before) / ((performance.now() - began) / 1_000)
      })
      assert.ok(cores < MOST_CORES, `${cores} processors`)
      assert.equal(lotan.store.get(tag)?.state, 'running')
      return `it has ${cores.toFixed(2)} processors, and runs on`
    },
  }
}

export const forkBomb = attack(
  'a fork bomb',
  'bomb',
  // Only an interactive shell outlives a refusal.
  `${busy} yes '${busy} sleep 600 &' | ${busy} sh -i >/dev/null 2>&1`,
  async ({ lotan }) => {
    const id = await lotan.containerOf('bomb')
    await until('it is curbed', () => lotan.store.get('bomb')?.notices.some(({ code }) => code === 'curbed'))
    const { HostConfig } = await docker<{ HostConfig: { CpuQuota: number } }>('GET', `/containers/${id}/json`)
    assert.equal(HostConfig.CpuQuota, 20_000)
    return 'it is curbed to a fifth of a processor'
  },
)

export const shortProcesses = kept('a loop of short processes', 'short', scripts.shortProcesses)

export const burner = kept('a processor burner', 'burner', scripts.burner)

export const memoryHog = attack('a memory hog whose child is killed', 'hog', scripts.memoryHog, async ({ lotan }) => {
  const said = await until('a process of it was killed', async () => {
    const lines = await outputOf(await lotan.containerOf('hog'))
    return lines.match(/ended 137/g)
  })
  return `the kernel killed ${said.length} processes of it, and the preview runs on`
})

export const memoryHogAlone = attack(
  'a memory hog that is killed itself, again and again',
  'hog-alone',
  `exec ${busy} tail /dev/zero`,
  async ({ lotan }) => {
    const { code, detail } = await failed(lotan, 'hog-alone')
    assert.equal(code, 'crashing')
    assert.match(detail, /memory/)
    return `it has failed: ${detail}`
  },
)

export const diskWriter = kept('a writer of files within its limit', 'writer', scripts.diskWriter)

export const diskFiller = attack(
  'a writer of files beyond its limit',
  'filler',
  `exec ${busy} dd if=/dev/zero of=/f bs=1M`,
  async ({ lotan }) => {
    const { code, detail } = await failed(lotan, 'filler')
    assert.equal(code, 'disk-over')
    return detail
  },
)

export const logFlood: Attack = {
  ...attack('a writer of output', 'talker', `${busy} yes '${'all work and no play '.repeat(200)}'`, async () => ''),
  async run({ lotan }, measure) {
    await lotan.click('talker')
    const id = await lotan.containerOf('talker')
    const { LogPath } = await docker<{ LogPath: string }>('GET', `/containers/${id}/json`)
    await until('its log has been rotated', async () => (await filesOf(LogPath)).length > 1)
    let rate = NaN
    const [before, began] = [await writtenBy(id), performance.now()]
    await measure()
    rate = ((await writtenBy(id)) - before) / ((performance.now() - began) / 1_000)
    const bytes = (await filesOf(LogPath)).reduce((sum, size) => sum + size, 0)
    assert.ok(bytes < MOST_LOG_BYTES, `${bytes} bytes of log`)
    return `it writes ${(rate / 1e6).toFixed(0)} MB a second, of which ${(bytes / 1e6).toFixed(0)} MB are kept`
  },
}

export const containerAttacks = [
  forkBomb,
  shortProcesses,
  burner,
  memoryHog,
  memoryHogAlone,
  diskWriter,
  diskFiller,
  logFlood,
]

/** It has been at its work for a moment, or came to its end by it. */
async function isAtWork(lotan: Lotan, tag: string): Promise<boolean> {
  return lotan.store.get(tag)?.state !== 'running' || (await processorTimeOf(lotan, tag)) > 0.3
}

async function failed(lotan: Lotan, tag: string): Promise<Reason> {
  return until(`${tag} has failed`, () => {
    const preview = lotan.store.get(tag)
    return preview?.state === 'failed' && preview.reason
  })
}

/** Seconds, of all processes of a container since its start. */
async function processorTimeOf(lotan: Lotan, tag: string): Promise<number> {
  const id = await lotan.containerOf(tag)
  const { cpu_stats } = await docker<{ cpu_stats: { cpu_usage: { total_usage: number } } }>(
    'GET',
    `/containers/${id}/stats?stream=false&one-shot=true`,
  )
  return cpu_stats.cpu_usage.total_usage / 1e9
}

/** What its processes that live now have written to anything, bytes. */
async function writtenBy(id: string): Promise<number> {
  const { Processes } = await docker<{ Processes: string[][] }>('GET', `/containers/${id}/top?ps_args=-eo%20pid`)
  const counts = Processes.map(async ([pid]) => {
    const text = await fs.readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')
    return Number(/^wchar: (\d+)$/m.exec(text)?.[1] ?? 0)
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

/** The sizes of a log's files. */
async function filesOf(log: string): Promise<number[]> {
  const dir = path.dirname(log)
  const names = (await fs.readdir(dir)).filter((name) => name.startsWith(path.basename(log)))
  return Promise.all(names.map(async (name) => (await fs.stat(path.join(dir, name)).catch(() => undefined))?.size ?? 0))
}

async function outputOf(id: string): Promise<string> {
  return docker<string>('GET', `/containers/${id}/logs?stdout=1&stderr=1&tail=100`)
}
