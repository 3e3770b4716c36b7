import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { commands } from './commands.ts'
import { withCommands } from './documents.ts'

test('docs/command-line.md has every command and every exit status (npm run generate writes them)', () => {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../..', 'docs/command-line.md'), 'utf8')
  assert.equal(withCommands(page, commands), page)
  for (const { name, example } of commands) assert.ok(page.includes(`\`${name}`) && page.includes(example), name)
  assert.throws(() => withCommands('# A page\n', commands), /there is no/)
})
