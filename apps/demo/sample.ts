/** todowrangler: a to-do page with a colour for each tag. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { staticBusybox } from '../shared/busybox.ts'
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
    await fs.copyFile(await staticBusybox(), path.join(dir, 'busybox'))
    await engine.build(dir, ['Dockerfile', 'busybox', ...files], reference)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
}
