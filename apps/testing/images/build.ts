/** Images for tests on the engine, labelled `lotan.test=true`. `publish.ts` puts them into a registry. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { loadByHand } from '../harness/docker.ts'
import { fastConf } from './fast.ts'
import { engine, keepSmallBase } from './kept-bases.ts'
import { librariesOf } from '../../shared/libraries.ts'
import { inDirectory, tarOf } from './layers.ts'
import { appImage, brokenImage, itemsImage, postgresImage, redisImage, scriptedImage, smallImage } from './made.ts'
import type { Made, Recipe } from './recipe.ts'
import { configurationOf } from './upload.ts'

export async function buildApp(reference: string, recipe?: Recipe): Promise<void> {
  await load([reference], await appImage(recipe))
}

export async function buildApps(repository: string, tags: string[], recipe?: Recipe): Promise<void> {
  await load(
    tags.map((tag) => `${repository}:${tag}`),
    await appImage(recipe),
  )
}

export async function buildScripted(repository: string, tags: string[]): Promise<void> {
  await load(
    tags.map((tag) => `${repository}:${tag}`),
    await scriptedImage(),
  )
}

export async function buildSmall(reference: string, page: string, recipe?: Recipe): Promise<void> {
  await load([reference], await smallImage(page, recipe))
}

export async function buildBroken(reference: string): Promise<void> {
  await load([reference], await brokenImage())
}

export async function buildItems(reference: string, recipe?: Recipe): Promise<void> {
  await load([reference], await itemsImage(recipe))
}

export async function buildRedis(reference: string, recipe?: Recipe): Promise<void> {
  await load([reference], await redisImage(recipe))
}

export async function buildPostgres(reference: string, recipe?: Recipe): Promise<void> {
  await load([reference], await postgresImage(recipe))
}

/** Busybox with file capabilities, which only the program that sets them can write. @param capabilities as for `setcap` */
export async function buildCapable(reference: string, capabilities: string): Promise<void> {
  const base = await keepSmallBase()
  await inDirectory(async (dir) => {
    const lines = await copyProgram(dir, '/usr/sbin/setcap')
    lines.push(`RUN ["/usr/sbin/setcap", "${capabilities}", "/bin/busybox"]`)
    await build(dir, base, lines, reference, { expose: [80], cmd: ['/bin/busybox', 'httpd', '-f'] })
  })
}

/** As `docker load` does: a build takes the engine four times as long. It reads no layer that it has. */
async function load(references: string[], image: Made): Promise<void> {
  await inDirectory(async (dir) => {
    const Layers = image.layers.map((_, i) => `layer${i}`)
    for (const [i, { isKept, read }] of image.layers.entries())
      if (!isKept) await fs.writeFile(path.join(dir, `layer${i}`), await read())
    await fs.writeFile(path.join(dir, 'config.json'), configurationOf(image))
    const manifest = [{ Config: 'config.json', RepoTags: references, Layers }]
    await fs.writeFile(path.join(dir, 'manifest.json'), JSON.stringify(manifest))
    await loadByHand(await tarOf(dir))
  })
}

/** Pushes an image and removes it from the engine. */
export async function moveToRegistry(reference: string, login?: { username: string; password: string }) {
  await engine.push(reference, login)
  await engine.removeImage(reference)
}

/** The machine's nginx (`fastConf`), on the first exposed port, else on 80. @param recipe its ballast is `/ballast0` */
export async function buildFast(reference: string, recipe: Pick<Recipe, 'expose' | 'ballast'> = {}): Promise<void> {
  await inDirectory(async (dir) => {
    const { expose = [80] } = recipe
    const lines = await copyProgram(dir, '/usr/sbin/nginx')
    await fs.writeFile(path.join(dir, 'nginx.conf'), fastConf(expose[0]!))
    await fs.writeFile(path.join(dir, 'passwd'), 'root:x:0:0:root:/:/bin/false\n')
    await fs.writeFile(path.join(dir, 'group'), 'root:x:0:\n')
    lines.push('COPY nginx.conf /nginx.conf', 'COPY passwd group /etc/', 'STOPSIGNAL SIGKILL')
    const cmd = ['/usr/sbin/nginx', '-p', '/', '-e', 'stderr', '-c', '/nginx.conf']
    await build(dir, 'scratch', lines, reference, { ...recipe, expose, cmd })
  })
}

/** Copies a program and its libraries. @returns lines for the Dockerfile */
async function copyProgram(dir: string, program: string, to = program): Promise<string[]> {
  const files = new Map([[to, program], ...(await librariesOf(program)).map((file) => [file, file] as const)])
  const lines: string[] = []
  for (const [target, file] of files) {
    const name = `part${lines.length}`
    await fs.copyFile(file, path.join(dir, name))
    lines.push(`COPY ${name} ${target}`)
  }
  return lines
}

/** Derives from an image that the engine has. */
export async function buildOn(base: string, reference: string, recipe: Recipe): Promise<void> {
  await inDirectory((dir) => build(dir, base, [], reference, recipe))
}

async function build(dir: string, base: string, lines: string[], reference: string, recipe: Recipe): Promise<void> {
  const { labels = {}, expose = [], cmd, ballast = [] } = recipe
  const text = [`FROM ${base}`, ...lines]
  for (const [i, size] of [ballast].flat().entries()) {
    await fs.writeFile(path.join(dir, `ballast${i}`), randomBytes(size * 1024))
    text.push(`COPY ballast${i} /ballast${i}`)
  }
  for (const port of expose) text.push(`EXPOSE ${port}`)
  if (cmd) text.push(`CMD ${JSON.stringify(cmd)}`)
  const pairs = Object.entries({ 'lotan.test': 'true', ...labels }).map(
    ([name, value]) => `${name}=${JSON.stringify(String(value))}`,
  )
  text.push(`LABEL ${pairs.join(' ')}`)
  await fs.writeFile(path.join(dir, 'Dockerfile'), `${text.join('\n')}\n`)
  await engine.build(dir, await fs.readdir(dir), reference)
}
