/**
 * Puts images for tests into a registry without the engine, which takes 0.8 s of a processor to build and push a small
 * one. They are those of `build.ts`, on the same bases.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { buildSmall, moveToRegistry } from './build.ts'
import { keepAppBase, keepSmallBase } from './kept-bases.ts'
import { appLayer, inDirectory, layerOf, smallLayer, type Layer } from './layers.ts'
import { configOf, type Recipe } from './recipe.ts'
import { putImage, type Login } from './upload.ts'

/** An image of `app.ts`, as `buildApp` makes it. @param reference `127.0.0.1:40123/todowrangler:red` */
export function publishApp(reference: string, recipe: Recipe = {}, login?: Login): Promise<void> {
  return publishApps(...splitReference(reference), recipe, login)
}

export async function publishApps(repository: string, tags: string[], recipe: Recipe = {}, login?: Login) {
  await keepAppBase()
  const cmd = ['/bin/node', '/app/app.js']
  await publish(repository, tags, [await appLayer()], { expose: [80], cmd, ...recipe }, login)
}

/** An image of busybox and one page, as `buildSmall` makes it. */
export async function publishSmall(reference: string, page: string, recipe: Recipe = {}, login?: Login) {
  // What takes a program to make, or Docker's own words.
  if (recipe.capabilities || recipe.healthcheck) {
    await buildSmall(reference, page, recipe)
    return moveToRegistry(reference, login)
  }
  await keepSmallBase()
  const { cmd = ['httpd', '-f', '-p', '80', '-h', '/www'], entrypoint } = recipe
  const content = await layerWith(async (dir) => {
    await writeIn(dir, '/www/index.html', `<!doctype html><title>${page}</title><h1>${page}</h1>`)
    for (const [file, script] of Object.entries(recipe.scripts ?? {}))
      await writeIn(dir, file, `#!/bin/busybox sh\n${script}\n`, 0o755)
  })
  const whole = { expose: [80], ...recipe, cmd: entrypoint ? recipe.cmd : ['/bin/busybox', ...cmd] }
  const [repository, tags] = splitReference(reference)
  await publish(repository, tags, [await smallLayer(), content], { ...whole, stopSignal: 'SIGKILL' }, login)
}

export async function publishBroken(reference: string): Promise<void> {
  const empty = await layerWith(async () => {})
  const [repository, tags] = splitReference(reference)
  await publish(repository, tags, [empty], { expose: [80], cmd: ['/nowhere/to/be/found'] })
}

async function publish(
  repository: string,
  tags: string[],
  layers: Layer[],
  { ballast = 0, ...recipe }: Recipe,
  login?: Login,
): Promise<void> {
  const more = ballast > 0 ? [await layerWith((dir) => writeIn(dir, '/ballast', randomBytes(ballast * 1024)))] : []
  await putImage(repository, tags, [...layers, ...more], configOf(recipe), login)
}

async function layerWith(fill: (dir: string) => Promise<unknown>): Promise<Layer> {
  return inDirectory(async (dir) => {
    await fill(dir)
    return layerOf(dir)
  })
}

async function writeIn(dir: string, file: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await fs.mkdir(path.dirname(path.join(dir, file)), { recursive: true })
  await fs.writeFile(path.join(dir, file), content, { mode })
}

function splitReference(reference: string): [repository: string, tags: string[]] {
  const colon = reference.lastIndexOf(':')
  return [reference.slice(0, colon), [reference.slice(colon + 1)]]
}
