import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { known, withLists, withTables } from './documents.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const page = fs.readFileSync(path.join(root, 'docs/settings.md'), 'utf8')
const compose = fs.readFileSync(path.join(root, 'docker-compose.yml'), 'utf8')
const settings = known.flatMap(({ settings }) => settings)

test('docs/settings.md says what the schemas say; npm run generate makes it so', () => {
  assert.equal(page, withTables(page))
  const stale = page.replace('| `127.0.0.1:8080` |', '| `127.0.0.1:8081` |')
  assert.notEqual(stale, withTables(stale))
})

test('docker-compose.yml gives every setting to the services that read it; npm run generate makes it so', () => {
  assert.equal(compose, withLists(compose))
  const stale = compose.replace('  TL_DOMAIN:\n', '')
  assert.notEqual(stale, withLists(stale))
  const given = new Set([...compose.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name!))
  const left = settings.filter(({ variable, services }) => services !== 'none' && !given.has(variable))
  assert.deepEqual(left, [])
})

test('a variable that has a value in docker-compose.yml is not listed there once more', () => {
  assert.equal(compose.match(/^ {2}LOTAN_LISTEN:/gm)?.length, 1)
  const fixed = compose.replace('  LOTAN_LISTEN: ', '  LOTAN_SLOTS: 9\n  LOTAN_LISTEN: ')
  assert.equal(withLists(fixed).match(/^ {2}LOTAN_SLOTS:/gm)?.length, 1)
})

test('a document without its markers is told of', () => {
  assert.throws(() => withTables('# Settings\n'), /there is no <!-- settings -->/)
  assert.throws(() => withLists('services: {}\n'), /there is no .*settings of all/)
})

test('every setting has its own name, and one or two sentences about it', () => {
  assert.ok(settings.length > 50, `${settings.length} settings`)
  assert.equal(new Set(settings.map(({ variable }) => variable)).size, settings.length)
  for (const { variable, description, standard, without } of settings) {
    assert.match(description, /^[A-Z"'`*0-9][^|\n]*[.`]$/, variable)
    assert.ok(standard === undefined || without === undefined, variable)
  }
})
