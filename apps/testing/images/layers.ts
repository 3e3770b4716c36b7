/** Layers of test images, as tar files. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { staticBusybox } from '../../shared/busybox.ts'
import { librariesOf } from '../../shared/libraries.ts'
import { takeLock } from '../../lotan/supervisor/lock.ts'
import { until } from '../harness/until.ts'

const run = promisify(execFile)
const pack = promisify(gzip)

export interface Layer {
  /** Of the compressed tar, and of the tar itself. */
  digest: string
  diffId: string
  size: number
  read: () => Promise<Buffer>
  /** A large one of a base that is kept on the engine. */
  isKept?: boolean
}

/** What a directory holds. The same content makes the same layer. @param level of its compression */
export async function layerOf(dir: string, level = 1): Promise<Layer> {
  const tar = await tarOf(dir)
  const content = await pack(tar, { level })
  return {
    digest: digestOf(content),
    diffId: digestOf(tar),
    size: content.length,
    read: () => Promise.resolve(content),
  }
}

export async function tarOf(dir: string): Promise<Buffer> {
  const options = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX']
  const { stdout } = await run('tar', ['-C', dir, ...options, '-cf', '-', '.'], {
    encoding: 'buffer',
    maxBuffer: 1024 ** 3,
  })
  return stdout
}

let small: Promise<Layer> | undefined

/** Busybox alone, as a base. */
export function smallLayer(): Promise<Layer> {
  small ??= inDirectory(async (dir) => {
    await fs.mkdir(path.join(dir, 'bin'))
    await fs.copyFile(await staticBusybox(), path.join(dir, 'bin/busybox'))
    return layerOf(dir)
  })
  return small
}

const source = path.join(import.meta.dirname, 'app.ts')

/** Tells one version of the layer with `app.ts` from others. */
export async function appStamp(): Promise<string> {
  const hash = createHash('sha256').update('one layer').update(process.version)
  return hash.update(await fs.readFile(source)).digest('hex')
}

/** Node with `app.ts`. */
export async function appLayer(): Promise<Layer> {
  return keptLayer(await appStamp(), writeApp)
}

/** On disk, since to compress a large one takes seconds. @param stamp names what `fill` makes */
export async function keptLayer(stamp: string, fill: (dir: string) => Promise<void>): Promise<Layer> {
  const file = path.join(os.tmpdir(), `lotan-test-layer-${stamp}`)
  const find = async (): Promise<Layer> => {
    const known = JSON.parse(await fs.readFile(`${file}.json`, 'utf8')) as Omit<Layer, 'read'>
    return { ...known, read: () => fs.readFile(file), isKept: true }
  }
  const found = await find().catch(() => undefined)
  if (found) return found
  const lock = await until('no other test makes the layer', () => takeLock(`${file}.lock`), { within: 60_000 })
  try {
    return await find().catch(async () => {
      const { read, ...known } = await inDirectory(async (dir) => {
        await fill(dir)
        return layerOf(dir)
      })
      await fs.writeFile(file, await read())
      await fs.writeFile(`${file}.json`, JSON.stringify(known))
      return find()
    })
  } finally {
    await lock.release()
  }
}

async function writeApp(dir: string): Promise<void> {
  await copyPrograms(dir, { '/bin/node': process.execPath })
  const modules = path.resolve(import.meta.dirname, '../../../node_modules')
  await fs.cp(path.join(modules, 'ws'), path.join(dir, 'app/node_modules/ws'), { recursive: true })
  await fs.writeFile(path.join(dir, 'app/package.json'), '{"type":"module"}')
  await writeScript(source, path.join(dir, 'app/app.js'))
}

/** With their libraries. @param programs the machine's, by where they are to stand */
export async function copyPrograms(dir: string, programs: Record<string, string>): Promise<void> {
  const libraries = (await Promise.all(Object.values(programs).map(librariesOf))).flat()
  for (const [to, from] of [...Object.entries(programs), ...[...new Set(libraries)].map((file) => [file, file])]) {
    await fs.mkdir(path.dirname(path.join(dir, to!)), { recursive: true })
    await fs.copyFile(from!, path.join(dir, to!))
  }
}

/** Writes a program as JavaScript: each of hundreds of containers would take 0.1 s of a processor to read TypeScript. */
export async function writeScript(source: string, target: string): Promise<void> {
  const { default: ts } = await import('typescript')
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext, verbatimModuleSyntax: true }
  const { outputText } = ts.transpileModule(await fs.readFile(source, 'utf8'), { compilerOptions: options })
  await fs.writeFile(target, outputText)
}

export async function inDirectory<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-image-'))
  try {
    return await use(dir)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
