/** The database beside the sample `with-db`: this machine's Redis, which Lotan itself runs. */
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Engine } from '../shared/engine/engine.ts'
import { librariesOf } from '../shared/libraries.ts'

/** It keeps each write in /data before it answers. */
const command = ['redis-server', '--dir', '/data', '--bind', '*', '--protected-mode', 'no', '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'] // prettier-ignore

/** @throws EngineError */
export async function buildDatabase(engine: Pick<Engine, 'build'>, reference: string): Promise<void> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'todowrangler-db-'))
  try {
    const programs = await Promise.all(['redis-server', 'redis-cli'].map(whereIs))
    const libraries = (await Promise.all(programs.map(librariesOf))).flat()
    for (const file of new Set([...programs, ...libraries])) {
      const copy = path.join(dir, 'root', file)
      await fs.mkdir(path.dirname(copy), { recursive: true })
      await fs.copyFile(file, copy)
    }
    // One layer: each takes the engine as long as the next.
    const lines = ['FROM scratch', 'COPY root /', 'WORKDIR /data', 'EXPOSE 6379', `CMD ${JSON.stringify(command)}`]
    await fs.writeFile(path.join(dir, 'Dockerfile'), `${lines.join('\n')}\n`)
    await engine.build(dir, await fs.readdir(dir), reference)
  } finally {
    await fs.rm(dir, { recursive: true })
  }
}

async function whereIs(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `command -v ${program}`])
  return stdout.trim()
}
