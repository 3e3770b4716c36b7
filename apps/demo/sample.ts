/** todowrangler: a to-do page with a colour for each tag. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Engine } from '../shared/engine/engine.ts'

/** Without a colour the image is the one that fails on purpose. */
export interface Sample {
  tag: string
  hex: string | null
}

const green = '1a6b38'
const purple = '643ab0'

export const samples: Sample[] = [
  { tag: 'red', hex: 'b3261e' },
  { tag: 'green', hex: green },
  { tag: 'blue', hex: '1d55bd' },
  { tag: 'purple', hex: purple },
  { tag: 'pr-3001', hex: green },
  { tag: 'pr-3002', hex: purple },
  { tag: 'bad', hex: null },
]

const source = path.join(import.meta.dirname, 'todowrangler')

/** 12 hexadecimal digits that change when the images do. */
export async function revision(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(samples))
  for (const name of (await fs.readdir(source)).sort())
    hash.update(`\0${name}\0`).update(await fs.readFile(path.join(source, name)))
  return hash.digest('hex').slice(0, 12)
}

/** @throws EngineError */
export async function buildSample(
  engine: Pick<Engine, 'build'>,
  { tag, hex }: Sample,
  reference: string,
): Promise<void> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'todowrangler-'))
  try {
    const facts: Record<string, string> = {
      tag,
      hex: hex ?? '',
      created: new Date().toISOString(),
      revision: await revision(),
    }
    const copy = async (from: string, to = from) => {
      const text = await fs.readFile(path.join(source, from), 'utf8')
      await fs.writeFile(
        path.join(dir, to),
        text.replace(/\{\{(\w+)\}\}/g, (whole: string, name: string) => facts[name] ?? whole),
      )
    }
    const files = hex ? ['index.html', 'todo.css', 'todo.js', 'httpd.conf'] : ['start.sh']
    await copy(hex ? 'Dockerfile' : 'bad.Dockerfile', 'Dockerfile')
    for (const file of files) await copy(file)
    await fs.copyFile(await busybox(), path.join(dir, 'busybox'))
    await engine.build(dir, ['Dockerfile', 'busybox', ...files], reference)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
}

/** The static busybox: the images hold nothing else. */
export async function busybox(): Promise<string> {
  for (const file of ['/bin/busybox', '/usr/bin/busybox']) if (await isStatic(file)) return file
  throw new Error('there is no busybox on this machine that needs no libraries: install busybox-static')
}

/** A dynamic ELF file names its loader at its head. */
async function isStatic(file: string): Promise<boolean> {
  const program = await fs.open(file).catch(() => undefined)
  if (!program) return false
  try {
    const { buffer, bytesRead } = await program.read(Buffer.alloc(4_096), 0, 4_096, 0)
    return !buffer.subarray(0, bytesRead).includes('/ld-')
  } finally {
    await program.close()
  }
}
