/** Images for tests, built from scratch and labelled `lotan.test=true`. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { busybox } from '../../demo/sample.ts'
import { openEngine } from '../../shared/engine/engine.ts'
import { tagByHand } from '../harness/docker.ts'
import { surroundings } from '../harness/surroundings.ts'
import { giveLayer, keepLayer } from '../registries/kept-layers.ts'
import { dataOf } from '../registries/registry.ts'

const run = promisify(execFile)

export const engine = openEngine({ dockerHost: surroundings.DOCKER_HOST ?? null, instance: 'lotantest' })

/** The images that the others are built on. Kept, since every test file uses them and each build step costs 0.1 s. */
const appBase = 'lotan-test/app:latest'
const smallBase = 'lotan-test/small:latest'

export interface Recipe {
  env?: Record<string, string | number>
  labels?: Record<string, string | number>
  expose?: number[]
  cmd?: string[]
  volumes?: string[]
  entrypoint?: string[]
  /** For busybox's shell, by path in the image. */
  scripts?: Record<string, string>
  /** File capabilities of the program, as for `setcap`; only `buildSmall` sets them. */
  capabilities?: string
  /** A line of the Dockerfile. */
  healthcheck?: string
  /** Kilobytes that do not compress, so that a pull takes time. */
  ballast?: number
}

/** An image of `app.ts`. It exposes port 80 unless the recipe says otherwise. */
export async function buildApp(reference: string, recipe: Recipe = {}): Promise<void> {
  await buildAppBase()
  await buildOn(appBase, reference, { expose: [80], ...recipe })
}

export async function buildApps(repository: string, tags: string[], recipe: Recipe = {}): Promise<void> {
  const [first = '', ...more] = tags.map((tag) => `${repository}:${tag}`)
  await buildApp(first, recipe)
  for (const reference of more) await tagByHand(first, reference)
}

/** Images of `script.ts`. */
export async function buildScripted(repository: string, tags: string[]): Promise<void> {
  const [first = '', ...more] = tags.map((tag) => `${repository}:${tag}`)
  await buildAppBase()
  await inDirectory(async (dir) => {
    await writeScript(path.join(import.meta.dirname, 'script.ts'), path.join(dir, 'script.js'))
    const cmd = ['/bin/node', '/app/script.js']
    await build(dir, appBase, ['COPY script.js /app/'], first, { expose: [80], cmd })
  })
  for (const reference of more) await tagByHand(first, reference)
}

/**
 * An image of busybox and one page, served on port 80. @param recipe `cmd` may run something else: `['sh', '-c', 'exit
 * 3']`
 */
export async function buildSmall(reference: string, page: string, recipe: Recipe = {}): Promise<void> {
  const { cmd = ['httpd', '-f', '-p', '80', '-h', '/www'] } = recipe
  await buildSmallBase()
  await inDirectory(async (dir) => {
    await fs.writeFile(path.join(dir, 'index.html'), `<!doctype html><title>${page}</title><h1>${page}</h1>`)
    const lines = ['COPY index.html /www/']
    const { capabilities } = recipe
    // COPY drops them.
    if (capabilities)
      lines.push(
        ...(await copyProgram(dir, '/usr/sbin/setcap')),
        `RUN ["/usr/sbin/setcap", "${capabilities}", "/bin/busybox"]`,
      )
    await build(dir, smallBase, lines, reference, {
      expose: [80],
      ...recipe,
      cmd: recipe.entrypoint ? recipe.cmd : ['/bin/busybox', ...cmd],
    })
  })
}

export async function buildBroken(reference: string): Promise<void> {
  await inDirectory((dir) => {
    return build(dir, 'scratch', [], reference, { expose: [80], cmd: ['/nowhere/to/be/found'] })
  })
}

/** Pushes an image and removes it from the engine. */
export async function moveToRegistry(reference: string, login?: { username: string; password: string }) {
  const [host = '', repository = ''] = reference.slice(0, reference.lastIndexOf(':')).split(/\/(.*)/)
  const data = dataOf.get(host)
  const base = await stampOf(appBase)
  const isApp = base !== undefined && (await stampOf(reference)) === base
  if (data && isApp) await giveLayer(data, repository, base)
  await engine.push(reference, login)
  if (data && isApp) await keepLayer(data, base)
  await engine.removeImage(reference)
}

async function stampOf(image: string): Promise<string | undefined> {
  return (await engine.findImage(image))?.labels['lotan.test.stamp']
}

/** The machine's nginx with one fixed answer, `fast`. */
export async function buildFast(reference: string): Promise<void> {
  await inDirectory(async (dir) => {
    const lines = await copyProgram(dir, '/usr/sbin/nginx')
    const http = "access_log off; server { listen 80; keepalive_requests 1000000; location / { return 200 'fast'; } }"
    await fs.writeFile(
      path.join(dir, 'nginx.conf'),
      `daemon off; master_process off; user root; pid /nginx.pid; error_log stderr;
       events { worker_connections 1024; }
       http { client_body_temp_path /a; proxy_temp_path /b; fastcgi_temp_path /c; uwsgi_temp_path /d; scgi_temp_path /e; ${http} }`,
    )
    await fs.writeFile(path.join(dir, 'passwd'), 'root:x:0:0:root:/:/bin/false\n')
    await fs.writeFile(path.join(dir, 'group'), 'root:x:0:\n')
    lines.push('COPY nginx.conf /nginx.conf', 'COPY passwd group /etc/', 'STOPSIGNAL SIGKILL')
    const cmd = ['/usr/sbin/nginx', '-p', '/', '-e', 'stderr', '-c', '/nginx.conf']
    await build(dir, 'scratch', lines, reference, { expose: [80], cmd })
  })
}

async function buildAppBase(): Promise<void> {
  const modules = path.resolve(import.meta.dirname, '../../../node_modules')
  const source = path.join(import.meta.dirname, 'app.ts')
  const stamp = createHash('sha256')
    .update(await fs.readFile(source))
    .update('as JavaScript')
    .update(process.version)
    .digest('hex')
  // Saves sending 130 MB to the engine again.
  if ((await stampOf(appBase)) === stamp) return
  await inDirectory(async (dir) => {
    const lines = await copyProgram(dir, process.execPath, '/bin/node')
    await writeScript(source, path.join(dir, 'app.js'))
    await fs.cp(path.join(modules, 'ws'), path.join(dir, 'ws'), { recursive: true })
    await fs.writeFile(path.join(dir, 'package.json'), '{"type":"module"}')
    lines.push('COPY ws /app/node_modules/ws', 'COPY package.json app.js /app/')
    const labels = { 'lotan.test.stamp': stamp }
    await build(dir, 'scratch', lines, appBase, { cmd: ['/bin/node', '/app/app.js'], labels })
  })
}

/** Writes a program as JavaScript: each of hundreds of containers would take 0.1 s of a processor to read TypeScript. */
async function writeScript(source: string, target: string): Promise<void> {
  const { default: ts } = await import('typescript')
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext, verbatimModuleSyntax: true }
  const { outputText } = ts.transpileModule(await fs.readFile(source, 'utf8'), { compilerOptions: options })
  await fs.writeFile(target, outputText)
}

async function buildSmallBase(): Promise<void> {
  const file = await busybox()
  const stamp = createHash('sha256')
    .update(await fs.readFile(file))
    .digest('hex')
  if ((await stampOf(smallBase)) === stamp) return
  await inDirectory(async (dir) => {
    await fs.copyFile(file, path.join(dir, 'busybox'))
    const lines = ['COPY busybox /bin/busybox', 'STOPSIGNAL SIGKILL']
    await build(dir, 'scratch', lines, smallBase, { labels: { 'lotan.test.stamp': stamp } })
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
  const { env = {}, labels = {}, expose = [], cmd, entrypoint, scripts = {}, volumes = [], healthcheck } = recipe
  const { ballast = 0 } = recipe
  const pairs = (values: Record<string, string | number>) =>
    Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(String(value))}`)
  const text = [`FROM ${base}`, ...lines]
  if (ballast > 0) {
    await fs.writeFile(path.join(dir, 'ballast'), randomBytes(ballast * 1024))
    text.push('COPY ballast /ballast')
  }
  if (Object.keys(env).length > 0) text.push(`ENV ${pairs(env).join(' ')}`)
  for (const port of expose) text.push(`EXPOSE ${port}`)
  for (const volume of volumes) text.push(`VOLUME ${volume}`)
  for (const [i, [file, script]] of Object.entries(scripts).entries()) {
    await fs.writeFile(path.join(dir, `script${i}`), `#!/bin/busybox sh\n${script}\n`, { mode: 0o755 })
    text.push(`COPY script${i} ${file}`)
  }
  if (entrypoint) text.push(`ENTRYPOINT ${JSON.stringify(entrypoint)}`)
  if (cmd) text.push(`CMD ${JSON.stringify(cmd)}`)
  if (healthcheck) text.push(`HEALTHCHECK ${healthcheck}`)
  text.push(`LABEL ${pairs({ 'lotan.test': 'true', ...labels }).join(' ')}`)
  await fs.writeFile(path.join(dir, 'Dockerfile'), `${text.join('\n')}\n`)
  await engine.build(dir, await fs.readdir(dir), reference)
}

/** Paths, the loader's too. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program])
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]!)
}

async function inDirectory<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-image-'))
  try {
    return await use(dir)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
}
