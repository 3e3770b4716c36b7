/** Lotan's own image, built from the Dockerfile. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { takeLock } from '../../lotan/supervisor/lock.ts'
import { baseLabel, buildBaseImages } from './base-images.ts'
import { docker } from '../harness/docker.ts'
import { surroundings } from '../harness/surroundings.ts'
import { until } from '../harness/until.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../../..')

/** One for each copy of the sources, so that tests of several copies can run at once. Kept for its layers. */
export const lotanImage = `lotan-test/lotan:${createHash('sha256').update(root).digest('hex').slice(0, 8)}`

/** @returns milliseconds and bytes */
export async function buildLotanImage(): Promise<{ took: number; size: number }> {
  const file = path.join(os.tmpdir(), 'lotan-test-image.lock')
  const lock = await until('nobody else builds the image', () => takeLock(file), { within: 240_000, every: 500 })
  try {
    await buildBaseImages()
    const began = performance.now()
    // Named, so that the first stage's layers are not pruned.
    await build(`${lotanImage}-modules`, '--target', 'modules')
    await build(lotanImage)
    const took = performance.now() - began
    await removeOld()
    const { Size: size } = await docker<{ Size: number }>('GET', `/images/${lotanImage}/json`)
    return { took, size }
  } finally {
    await lock.release()
  }
}

async function build(tag: string, ...options: string[]): Promise<void> {
  await run('docker', ['build', '--force-rm', '--tag', tag, ...options, root], {
    env: surroundings,
    maxBuffer: 64 * 1024 ** 2,
  })
}

async function removeOld(): Promise<void> {
  const filters = { dangling: ['true'], label: [baseLabel] }
  await docker('POST', `/images/prune?filters=${encodeURIComponent(JSON.stringify(filters))}`)
}
