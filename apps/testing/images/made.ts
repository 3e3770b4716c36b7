/** The images that tests use, as layers and a configuration: for a registry (`publish.ts`) or the engine (`build.ts`). */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { POSTGRES_DATA, postgresLayer, REDIS_DATA, redisLayer } from './databases.ts'
import { keepAppBase, keepPostgresBase, keepRedisBase, keepSmallBase } from './kept-bases.ts'
import { appLayer, inDirectory, layerOf, smallLayer, writeScript, type Layer } from './layers.ts'
import { configOf, type Made, type Recipe } from './recipe.ts'

/** Of `app.ts`. It exposes port 80 unless the recipe says otherwise. */
export async function appImage(recipe: Recipe = {}): Promise<Made> {
  await keepAppBase()
  return made([await appLayer()], { expose: [80], cmd: ['/bin/node', '/app/app.js'], ...recipe })
}

/** Of `script.ts`. */
export async function scriptedImage(): Promise<Made> {
  await keepAppBase()
  const script = await layerWith(async (dir) => {
    await fs.mkdir(path.join(dir, 'app'))
    await writeScript(path.join(import.meta.dirname, 'script.ts'), path.join(dir, 'app/script.js'))
  })
  return made([await appLayer(), script], { expose: [80], cmd: ['/bin/node', '/app/script.js'] })
}

/**
 * Of busybox and one page, served on port 80. @param recipe `cmd` may run something else: `['sh', '-c', 'exit 3']`
 */
export async function smallImage(page: string, recipe: Recipe = {}): Promise<Made> {
  await keepSmallBase()
  const { cmd = ['httpd', '-f', '-p', '80', '-h', '/www'], entrypoint, scripts = {} } = recipe
  const content = await layerWith(async (dir) => {
    await writeIn(dir, '/www/index.html', `<!doctype html><title>${page}</title><h1>${page}</h1>`)
    for (const [file, script] of Object.entries(scripts))
      await writeIn(dir, file, `#!/bin/busybox sh\n${script}\n`, 0o755)
  })
  const command = entrypoint ? recipe.cmd : ['/bin/busybox', ...cmd]
  return made([await smallLayer(), content], { expose: [80], stopSignal: 'SIGKILL', ...recipe, cmd: command })
}

/** Of `items.ts`, which keeps its items in a database. */
export async function itemsImage(recipe: Recipe = {}): Promise<Made> {
  await keepAppBase()
  const script = await layerWith(async (dir) => {
    await fs.mkdir(path.join(dir, 'app'))
    await writeScript(path.join(import.meta.dirname, 'items.ts'), path.join(dir, 'app/items.js'))
  })
  return made([await appLayer(), script], { expose: [80], cmd: ['/bin/node', '/app/items.js'], ...recipe })
}

/** Debian's Redis, on 6379. It keeps each write in /data; REDIS_PASSWORD is asked for. */
export async function redisImage(recipe: Recipe = {}): Promise<Made> {
  await keepRedisBase()
  return made([await redisLayer()], { expose: [6379], volumes: [REDIS_DATA], entrypoint: ['/start'], ...recipe })
}

/** Debian's PostgreSQL, on 5432, for the user postgres with POSTGRES_PASSWORD. Ends by SIGINT without waiting for clients. */
export async function postgresImage(recipe: Recipe = {}): Promise<Made> {
  await keepPostgresBase()
  const usual = { expose: [5432], volumes: [POSTGRES_DATA], entrypoint: ['/start'], stopSignal: 'SIGINT' }
  return made([await postgresLayer()], { ...usual, ...recipe })
}

/** It cannot be started. */
export async function brokenImage(): Promise<Made> {
  return made([await layerWith(async () => {})], { expose: [80], cmd: ['/nowhere/to/be/found'] })
}

async function made(layers: Layer[], { ballast = [], ...recipe }: Recipe): Promise<Made> {
  const sizes = [ballast].flat().filter((size) => size > 0)
  const more = sizes.map((size, i) => layerWith((dir) => writeIn(dir, `/ballast${i}`, randomBytes(size * 1024)), 0))
  return { layers: [...layers, ...(await Promise.all(more))], config: configOf(recipe) }
}

function layerWith(fill: (dir: string) => Promise<unknown>, level?: number): Promise<Layer> {
  return inDirectory(async (dir) => {
    await fill(dir)
    return layerOf(dir, level)
  })
}

async function writeIn(dir: string, file: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await fs.mkdir(path.dirname(path.join(dir, file)), { recursive: true })
  await fs.writeFile(path.join(dir, file), content, { mode })
}
