/** Images for tests, built by the engine and labelled `lotan.test=true`. `publish.ts` makes them in a registry. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { tagByHand } from '../harness/docker.ts'
import { engine, keepAppBase, keepSmallBase } from './kept-bases.ts'
import { inDirectory, librariesOf, writeScript } from './layers.ts'
import type { Recipe } from './recipe.ts'

/** An image of `app.ts`. It exposes port 80 unless the recipe says otherwise. */
export async function buildApp(reference: string, recipe: Recipe = {}): Promise<void> {
  await buildOn(await keepAppBase(), reference, { expose: [80], ...recipe })
}

export async function buildApps(repository: string, tags: string[], recipe: Recipe = {}): Promise<void> {
  const [first = '', ...more] = tags.map((tag) => `${repository}:${tag}`)
  await buildApp(first, recipe)
  for (const reference of more) await tagByHand(first, reference)
}

/** Images of `script.ts`. */
export async function buildScripted(repository: string, tags: string[]): Promise<void> {
  const [first = '', ...more] = tags.map((tag) => `${repository}:${tag}`)
  const base = await keepAppBase()
  await inDirectory(async (dir) => {
    await writeScript(path.join(import.meta.dirname, 'script.ts'), path.join(dir, 'script.js'))
    const cmd = ['/bin/node', '/app/script.js']
    await build(dir, base, ['COPY script.js /app/'], first, { expose: [80], cmd })
  })
  for (const reference of more) await tagByHand(first, reference)
}

/**
 * An image of busybox and one page, served on port 80. @param recipe `cmd` may run something else: `['sh', '-c', 'exit
 * 3']`
 */
export async function buildSmall(reference: string, page: string, recipe: Recipe = {}): Promise<void> {
  const { cmd = ['httpd', '-f', '-p', '80', '-h', '/www'] } = recipe
  const base = await keepSmallBase()
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
    await build(dir, base, lines, reference, {
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
  await engine.push(reference, login)
  await engine.removeImage(reference)
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
