/** todowrangler: a to-do page with a colour for each tag. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { staticBusybox } from '../shared/busybox.ts'
import type { Engine } from '../shared/engine/engine.ts'

/** Without a colour the image is the one that fails on purpose. */
export interface Sample {
  tag: string
  hex: string | null
  /** Its list is in a database beside it. */
  hasDatabase?: true
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
  { tag: 'with-db', hex: '0b6670', hasDatabase: true },
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

/** @param database the image of its database: see database.ts @throws EngineError */
export async function buildSample(
  engine: Pick<Engine, 'build'>,
  { tag, hex, hasDatabase }: Sample,
  reference: string,
  database = '',
): Promise<void> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'todowrangler-'))
  try {
    const facts: Record<string, string> = {
      tag,
      hex: hex ?? '',
      created: new Date().toISOString(),
      revision: await revision(),
      place: hasDatabase ? 'a database' : 'your browser',
      database,
    }
    const read = async (file: string) => {
      const text = await fs.readFile(path.join(source, file), 'utf8')
      return text.replace(/\{\{(\w+)\}\}/g, (whole: string, name: string) => facts[name] ?? whole)
    }
    facts.stack = `gz:${gzipSync(await read('with-db.yaml')).toString('base64')}`
    const files = filesOf({ hex, hasDatabase })
    for (const [name, file] of Object.entries(files))
      await fs.writeFile(path.join(dir, name), await read(file), { mode: 0o755 })
    await fs.copyFile(await staticBusybox(), path.join(dir, 'busybox'))
    await engine.build(dir, ['busybox', ...Object.keys(files)], reference)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
}

/** Where the build finds them, and what they are called here. */
function filesOf({ hex, hasDatabase }: Pick<Sample, 'hex' | 'hasDatabase'>): Record<string, string> {
  if (!hex) return { Dockerfile: 'bad.Dockerfile', 'start.sh': 'start.sh' }
  const page = { 'index.html': 'index.html', 'todo.css': 'todo.css', 'todo.js': 'todo.js', 'httpd.conf': 'httpd.conf' }
  return hasDatabase
    ? { ...page, Dockerfile: 'with-db.Dockerfile', 'store.js': 'store-database.js', items: 'items.sh' }
    : { ...page, Dockerfile: 'Dockerfile', 'store.js': 'store-browser.js' }
}
