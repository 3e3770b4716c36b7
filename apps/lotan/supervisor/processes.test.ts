import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { names } from './names.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-processes-'))
after(() => fs.rmSync(dir, { recursive: true }))

const script = `
  import { readConfig } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../shared/config/config.ts'))}
  import { isNeeded, planOf } from ${JSON.stringify(path.join(import.meta.dirname, 'processes.ts'))}
  import { names } from ${JSON.stringify(path.join(import.meta.dirname, 'names.ts'))}
  const config = readConfig()
  const told = names.map((name) => [name, isNeeded(name, config), JSON.stringify(planOf(name, config, {}).env)])
  console.log(JSON.stringify(told))`

async function plansWith(settings: Record<string, string>): Promise<[name: string, isNeeded: boolean, env: string][]> {
  const env = { LOTAN_DATA_DIR: dir, PATH: '/bin', ...settings }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
  return JSON.parse(stdout) as [string, boolean, string][]
}

test('the forge part alone is given the forge’s token, and runs where it has something to do', async () => {
  const forge = { LOTAN_FORGE: 'github', LOTAN_FORGE_REPOSITORY: 'team/app' }
  const plans = await plansWith({
    ...forge,
    LOTAN_FORGE_TOKEN: 't0ken',
    LOTAN_FORGE_TOKEN_FILE: '/the/file',
    LOTAN_SHELL: 'on',
  })
  const given = plans.filter(([, , env]) => /t0ken|the.file/.test(env))
  assert.deepEqual(given.map(([name]) => name), ['forge']) // prettier-ignore
  assert.ok(plans.every(([, isNeeded]) => isNeeded))
  const neededWith = async (settings: Record<string, string>) =>
    (await plansWith(settings)).filter(([, isNeeded]) => isNeeded).map(([name]) => name)
  assert.deepEqual(await neededWith({ LOTAN_NOTIFY_URL: 'https://chat.example.com/hook', LOTAN_SHELL: 'on' }), names)
  assert.deepEqual(await neededWith({}), names.filter((name) => name !== 'forge' && name !== 'shell')) // prettier-ignore
})
