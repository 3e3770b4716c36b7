/** What docker-compose makes of docker-compose.yml and a .env; no engine is asked. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { surroundings } from '../../testing/harness/surroundings.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../../..')
let dir: string

before(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-compose-file-'))
  await fs.cp(path.join(root, 'docker-compose.yml'), path.join(dir, 'docker-compose.yml'))
  for (const file of ['compose.env', 'filters.env'])
    await fs.cp(path.join(import.meta.dirname, file), path.join(dir, 'apps/lotan/install', file))
})
after(() => fs.rm(dir, { recursive: true }))

/** What each service is given, by its name. @throws with what Compose says */
async function environments(settings: Record<string, string>): Promise<Map<string, string>> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await fs.writeFile(path.join(dir, '.env'), lines.join(''))
  const env = { PATH: surroundings.PATH, HOME: dir }
  const { stdout } = await run('docker-compose', ['--project-directory', dir, 'config'], { cwd: dir, env })
  const [services = ''] = stdout.split(/^volumes:/m)
  return new Map(services.split(/^ {2}(?=\S)/m).map((text) => [text.split(':')[0]!, text]))
}

const has = (found: Map<string, string>, setting: string) =>
  [...found].filter(([, text]) => text.includes(`      ${setting}\n`)).map(([service]) => service)
const all = ['forge', 'nginx', 'queue-processor', 'reaper', 'router', 'shell']

test('without REPOSITORY Compose says at once what to write', async () => {
  const wanted =
    /write into \.env whose tags may run, such as REPOSITORY=registry\.\S+, or an empty REPOSITORY= beside LOTAN_REPOSITORIES/
  await assert.rejects(environments({ LOTAN_REPOSITORIES: 'api=r.io/api' }), wanted)
})

test('repositories by name go to all, their filters to those that read them, their variables to workers alone', async () => {
  await fs.writeFile(path.join(dir, 'filters.env'), 'TAG_FILTER_API=^pr%-\n')
  const found = await environments({
    REPOSITORY: '',
    LOTAN_REPOSITORIES: 'api=r.io/api',
    LOTAN_ENV_FILE: '.env',
    LOTAN_FILTER_FILE: 'filters.env',
    LOTAN_CONTAINER_ENV_API__SECRET: 'x',
  })
  assert.deepEqual(has(found, "REPOSITORY: ''"), all)
  assert.deepEqual(has(found, 'LOTAN_REPOSITORIES: api=r.io/api'), all)
  assert.deepEqual(has(found, 'TAG_FILTER_API: ^pr%-'), ['forge', 'queue-processor', 'reaper', 'router', 'shell'])
  assert.deepEqual(has(found, 'LOTAN_CONTAINER_ENV_API__SECRET: x'), ['queue-processor', 'reaper'])
})

test('the forge’s token goes to the forge part alone, wherever it stands', async () => {
  const settings = { REPOSITORY: 'r.io/app', LOTAN_FORGE_TOKEN: 't0ken', LOTAN_FORGE_TOKEN_FILE: '/tokens/forge' }
  for (const more of [{}, { LOTAN_ENV_FILE: '.env' }] as Record<string, string>[]) {
    const found = await environments({ ...settings, ...more })
    assert.deepEqual(has(found, 'LOTAN_FORGE_TOKEN: t0ken'), ['forge'])
    assert.deepEqual(has(found, 'LOTAN_FORGE_TOKEN_FILE: /tokens/forge'), ['forge'])
  }
})

test('the shell part alone is given the keys, and the engine without logins and other secrets', async () => {
  const found = await environments({
    REPOSITORY: 'r.io/app',
    LOTAN_SSH_LISTEN: '0.0.0.0:2222',
    LOTAN_SSH_KEYS: '/ssh/keys',
    LOTAN_SSH_KEY_FILES: '/etc/lotan/ssh',
    DOCKER_CONFIG: '/root/.docker',
    ENV_ARGS: 'A=1',
    LOTAN_FORGE_TOKEN: 't0ken',
  })
  const mounts = (what: string) => [...found].filter(([, text]) => text.includes(`- ${what}\n`)).map(([name]) => name)
  assert.deepEqual(has(found, 'LOTAN_SSH_LISTEN: 0.0.0.0:2222'), all)
  assert.deepEqual(mounts('/etc/lotan/ssh:/ssh:ro'), ['shell'])
  const engine = '/var/run/docker.sock:/var/run/docker.sock:rw'
  assert.deepEqual(mounts(engine), ['queue-processor', 'reaper', 'shell'])
  assert.doesNotMatch(found.get('shell')!, /\.docker\b(?!\.sock)|\.aws|ENV_ARGS|t0ken/)
})
