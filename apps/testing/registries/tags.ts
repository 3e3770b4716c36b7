import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { surroundings } from '../harness/surroundings.ts'

export interface Listed {
  tags?: string[]
  code?: string
  message?: string
  program?: string
}

/**
 * Opens a process that lists a repository's tags on request. @param config for its `config.json` @param env HOME is
 * already one of its own
 */
export async function openTags(repository: string, config: object, env: Record<string, string> = {}) {
  const home = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-tags-'))
  const dockerConfig = path.join(home, '.docker')
  await fs.mkdir(dockerConfig)
  await fs.writeFile(path.join(dockerConfig, 'config.json'), JSON.stringify(config))
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'tags-process.ts')], {
    env: {
      ...surroundings,
      // Otherwise the SDK asks the cloud's metadata service for a role.
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
      HOME: home,
      REPOSITORY: repository,
      LOTAN_DATA_DIR: path.join(home, 'data'),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  return {
    home,
    async list(): Promise<Listed> {
      child.stdin.write('\n')
      const { done, value } = await lines.next()
      if (done) throw new Error('the process that lists tags has ended')
      return JSON.parse(value) as Listed
    },
    async close() {
      child.kill('SIGKILL')
      await ended
      await fs.rm(home, { recursive: true })
    },
  }
}

export async function listTags(...opened: Parameters<typeof openTags>): Promise<Listed> {
  const tags = await openTags(...opened)
  try {
    return await tags.list()
  } finally {
    await tags.close()
  }
}
