/**
 * The Dockerfile's public base images. An engine that lacks them gets stand-ins of the same names, made from this
 * machine (debootstrap; Node and npm copied), since tests must not need a public hub. A stand-in knows this machine's
 * mirror, proxy and certificates. It is made anew when its sources change.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { takeLock } from '../../lotan/supervisor/lock.ts'
import { engine } from './kept-bases.ts'
import { surroundings } from '../harness/surroundings.ts'
import { until } from '../harness/until.ts'

const run = promisify(execFile)
const debian = 'debian:bookworm-slim'
const node = 'node:24-bookworm-slim'
/** Not the label of other test images: pruning those must not cost the layers on top of these. */
export const baseLabel = 'lotan.test.base'

const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** About a minute the first time. */
export async function buildBaseImages(): Promise<void> {
  // Another test may be making them.
  const file = path.join(os.tmpdir(), 'lotan-base-images.lock')
  const lock = await until('nobody else makes the base images', () => takeLock(file), { within: 180_000, every: 500 })
  try {
    const facts = await factsOfThisMachine()
    const stamp = createHash('sha256')
      .update(await fs.readFile(import.meta.filename))
      .update(JSON.stringify(facts))
      .digest('hex')
    const made = await unlessThere(debian, stamp, (dir) => buildDebian(dir, facts, stamp))
    await unlessThere(node, stamp, (dir) => buildNode(dir, facts, stamp), made)
  } finally {
    await lock.release()
  }
}

async function unlessThere(reference: string, stamp: string, build: (dir: string) => Promise<void>, anew = false) {
  const there = await engine.findImage(reference)
  const ours = there?.labels[baseLabel]
  if (there && (ours === undefined || (ours === stamp && !anew))) return false
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-base-'))
  try {
    await build(dir)
  } finally {
    await fs.rm(dir, { recursive: true, force: true })
  }
  return true
}

interface Facts {
  mirror: string
  apt: string
  npm: string
  npmDir: string
  node: string
}

/** How this machine reaches packages, without logins. */
async function factsOfThisMachine(): Promise<Facts> {
  const { stdout: indexes } = await text('apt-get', [
    ...['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(COMPONENT)', 'Created-By: Packages'],
  ])
  const mirror = /^(\S+) bookworm main$/m.exec(indexes)?.[1]
  if (!mirror) throw new Error('no source of Debian bookworm among the sources of apt')
  const { stdout: apt } = await text('apt-config', ['dump'])
  const wanted = /^Acquire::(http|https)::Proxy|^Acquire::Check-(Date|Valid-Until) /
  const cli = await fs.realpath((await text('sh', ['-c', 'command -v npm'])).stdout.trim())
  const settings = ['registry', 'proxy', 'https-proxy', 'noproxy']
  const values = await Promise.all(
    settings.map(async (name) => (await text(process.execPath, [cli, 'config', 'get', name])).stdout.trim()),
  )
  return {
    mirror,
    apt: linesWith(apt.split('\n').filter((line) => wanted.test(line))),
    npm: linesWith(
      settings
        .map((name, i) => `${name}=${values[i]}`)
        .filter((_, i) => !['', 'null', 'undefined'].includes(values[i]!)),
    ),
    npmDir: path.resolve(cli, '../..'),
    node: process.version,
  }
}

/** Like the slim image: no manuals, no package lists, and packages start no services. */
async function buildDebian(dir: string, { mirror, apt }: Facts, stamp: string): Promise<void> {
  const root = path.join(dir, 'root')
  const put = async (file: string, content: string, mode = 0o644) => {
    await fs.mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await fs.writeFile(path.join(root, file), content, { mode })
  }
  await text('debootstrap', ['--variant=minbase', 'bookworm', root, mirror])
  for (const what of ['var/cache/apt', 'var/lib/apt/lists', 'var/log', 'usr/share/locale', 'usr/share/man'])
    await empty(path.join(root, what))
  for (const what of ['usr/share/doc', 'usr/share/info', 'usr/share/lintian']) await empty(path.join(root, what))
  const excluded = ['doc', 'info', 'lintian', 'locale', 'man'].map((name) => `path-exclude /usr/share/${name}/*`)
  await put('etc/dpkg/dpkg.cfg.d/slim', linesWith(excluded))
  await put('etc/apt/apt.conf.d/99machine', apt)
  await put('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)
  await put(certificates.slice(1), await fs.readFile(certificates, 'utf8').catch(() => ''))
  const tar = path.join(dir, 'root.tar')
  await text('tar', ['-C', root, '-cf', tar, '.'])
  const changes = ['CMD ["bash"]', `ENV NODE_EXTRA_CA_CERTS=${certificates}`, `LABEL ${baseLabel}=${stamp}`]
  await text('docker', ['import', ...changes.flatMap((change) => ['--change', change]), tar, debian])
}

async function buildNode(dir: string, { npm, npmDir }: Facts, stamp: string): Promise<void> {
  await fs.copyFile(process.execPath, path.join(dir, 'node'))
  await fs.cp(npmDir, path.join(dir, 'npm'), { recursive: true })
  await fs.writeFile(path.join(dir, 'npmrc'), `cafile=${certificates}\n${npm}`)
  const lines = [
    `FROM ${debian}`,
    'COPY node /usr/local/bin/',
    'COPY npm /usr/local/lib/node_modules/npm',
    'COPY npmrc /usr/local/etc/',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
    `LABEL ${baseLabel}=${stamp}`,
    'CMD ["node"]',
  ]
  await fs.writeFile(path.join(dir, 'Dockerfile'), linesWith(lines))
  await text('docker', ['build', '--quiet', '--force-rm', '--tag', node, dir])
}

function text(program: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(program, args, { env: surroundings, maxBuffer: 64 * 1024 ** 2 })
}

async function empty(dir: string): Promise<void> {
  for (const name of await fs.readdir(dir).catch(() => []))
    await fs.rm(path.join(dir, name), { recursive: true, force: true })
}

function linesWith(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
