/** What tools say of all files: types, style, form, who may import whom, and the picture of it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')

for (const [name, program, ...args] of [
  ['types fit', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['eslint has nothing to say', 'node_modules/eslint/bin/eslint.js', '.'],
  ['every file is formatted', 'node_modules/prettier/bin/prettier.cjs', '--check', '.'],
  ['imports keep to the rules', 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', 'apps'],
  ['the picture of the imports is true', 'apps/testing/picture.ts', '--check'],
] as const)
  test(name, async () => {
    const failed = await run(process.execPath, [path.join(root, program), ...args], { cwd: root }).then(
      () => undefined,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    )
    assert.equal(failed, undefined)
  })
