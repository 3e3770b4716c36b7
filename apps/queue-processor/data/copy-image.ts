/**
 * An image with nothing but a program that copies files, made of this machine's own: nothing is downloaded. GNU's `cp`
 * keeps holes and extended attributes and shares blocks where the disk can; busybox's does not.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { staticBusybox } from '../../shared/busybox.ts'
import type { Engine } from '../../shared/engine/engine.ts'

const run = promisify(execFile)

export interface Copier {
  /** The image's id. */
  image: string
  /** Copies one directory into another, which is empty: its path, and the other's, come behind. */
  command: string[]
}

/** @returns the copier; its image is built where the engine does not have it @throws EngineError, or with what to install */
export async function copier(engine: Pick<Engine, 'findImage' | 'build'>): Promise<Copier> {
  const { files, command } = (await gnuCopy()) ?? (await busyboxCopy())
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update(await fs.readFile(file))
  // With this name `lotan purge` finds it.
  const reference = `lotan-sandbox:copy-${hash.digest('hex').slice(0, 12)}`
  const found = await engine.findImage(reference)
  if (found) return { image: found.id, command }
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-copy-'))
  try {
    await fs.writeFile(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY root /\n')
    for (const file of files) {
      await fs.mkdir(path.join(dir, 'root', path.dirname(file)), { recursive: true })
      await fs.copyFile(file, path.join(dir, 'root', file))
    }
    await engine.build(dir, ['Dockerfile', 'root'], reference)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
  return { image: (await engine.findImage(reference))!.id, command }
}

type Program = { files: string[]; command: string[] }

/** Undefined where this machine's is another one. */
async function gnuCopy(): Promise<Program | undefined> {
  const file = '/bin/cp'
  try {
    const { stdout: version } = await run(file, ['--version'])
    if (!version.includes('GNU coreutils')) return undefined
    const { stdout: libraries } = await run('ldd', [file])
    const paths = [...libraries.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1]!)
    return { files: [file, ...paths], command: [file, '-a', '--reflink=auto', '--sparse=auto'] }
  } catch {
    return undefined
  }
}

async function busyboxCopy(): Promise<Program> {
  const file = await staticBusybox()
  return { files: [file], command: [file, 'cp', '-a'] }
}
