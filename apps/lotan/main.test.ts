import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const main = path.join(import.meta.dirname, 'main.ts')
const root = path.resolve(import.meta.dirname, '../..')

async function lotan(...args: string[]) {
  return promisify(execFile)(process.execPath, [main, ...args]).then(
    ({ stdout, stderr }) => ({ status: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      status: code,
      out: stdout,
      err: stderr,
    }),
  )
}

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual(await lotan('--version'), { status: 0, out: `${version}\n`, err: '' })
})

test('help names every command and --version; a command that is none gets it as an error', async () => {
  const { status, out } = await lotan('--help')
  assert.equal(status, 0)
  for (const usage of ['lotan up', 'lotan wait TAG', 'lotan --version']) assert.ok(out.includes(usage), usage)
  assert.deepEqual(await lotan('nothing'), { status: 2, out: '', err: out })
})
