/**
 * The bases of test images on the engine. They are kept: what is built on them is built at once, and what is pulled
 * lacks its own layers only.
 */
import os from 'node:os'
import path from 'node:path'
import { openEngine } from '../../shared/engine/engine.ts'
import { takeLock } from '../../lotan/supervisor/lock.ts'
import { tagByHand } from '../harness/docker.ts'
import { surroundings } from '../harness/surroundings.ts'
import { until } from '../harness/until.ts'
import { startRegistry } from '../registries/registry.ts'
import { postgresLayer, redisLayer } from './databases.ts'
import { configOf, type Recipe } from './recipe.ts'
import { appLayer, appStamp, smallLayer, type Layer } from './layers.ts'
import { putImage } from './upload.ts'

export const engine = openEngine({ dockerHost: surroundings.DOCKER_HOST ?? null, instance: 'lotantest' })

const appBase = 'lotan-test/app:latest'
const smallBase = 'lotan-test/small:latest'

/** Node with `app.ts`. @returns its name */
export async function keepAppBase(): Promise<string> {
  return keep(appBase, await appStamp(), appLayer, { cmd: ['/bin/node', '/app/app.js'] })
}

/** Busybox. @returns its name */
export async function keepSmallBase(): Promise<string> {
  const layer = await smallLayer()
  return keep(smallBase, layer.digest, () => Promise.resolve(layer), { stopSignal: 'SIGKILL' })
}

/** Debian's Redis. @returns its name */
export async function keepRedisBase(): Promise<string> {
  const layer = await redisLayer()
  return keep('lotan-test/redis:latest', layer.digest, () => Promise.resolve(layer), {})
}

/** Debian's PostgreSQL. @returns its name */
export async function keepPostgresBase(): Promise<string> {
  const layer = await postgresLayer()
  return keep('lotan-test/postgres:latest', layer.digest, () => Promise.resolve(layer), {})
}

async function keep(name: string, stamp: string, layerFor: () => Promise<Layer>, recipe: Recipe): Promise<string> {
  const isThere = async () => (await engine.findImage(name))?.labels['lotan.test.stamp'] === stamp
  if (await isThere()) return name
  const file = path.join(os.tmpdir(), `lotan-${name.replace(/\W/g, '-')}.lock`)
  const lock = await until('no other test makes the base', () => takeLock(file), { within: 60_000 })
  try {
    if (!(await isThere()))
      await pullFromRegistry(name, await layerFor(), { ...recipe, labels: { 'lotan.test.stamp': stamp } })
  } finally {
    await lock.release()
  }
  return name
}

/** The engine knows a layer by its registry's digest once it has pulled it: built ones are pulled again. */
async function pullFromRegistry(name: string, layer: Layer, recipe: Recipe): Promise<void> {
  const registry = await startRegistry()
  try {
    await putImage(registry.repository, ['base'], { layers: [layer], config: configOf(recipe) })
    await engine.pull(`${registry.repository}:base`)
    await tagByHand(`${registry.repository}:base`, name)
    await engine.removeImage(`${registry.repository}:base`)
  } finally {
    await registry.close()
  }
}
