import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { readConfig } from './config.ts'

function inForce(env: Record<string, string>) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-in-force-'))
  try {
    return readConfig({ LOTAN_DATA_DIR: dir, ...env }).inForce
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

test('each setting has its value and where that comes from', () => {
  const { settings } = inForce({ LOTAN_MAX_RUNNING: '7', LOTAN_SLOTS: '', ADMIN_INFO: 'x' })
  const of = (name: string) => settings.find((setting) => setting.name === name)
  const common = { secret: false, words: null }
  assert.deepEqual(of('LOTAN_MAX_RUNNING'), { ...common, name: 'LOTAN_MAX_RUNNING', value: '7', source: 'environment' })
  assert.deepEqual(of('LOTAN_SLOTS'), { ...common, name: 'LOTAN_SLOTS', value: '500', source: 'default' })
  assert.deepEqual(of('TAG_FILTER'), { ...common, name: 'TAG_FILTER', value: null, source: 'default' })
  assert.equal(of('LOTAN_SLOT_KIND')?.words, 'the one that works')
  assert.equal(of('LOTAN_CONTAINER_ENV_X'), undefined, 'it stands for any name')
})

const secret = 'hunter2hunter2hunter2'

test('no secret is among them, however it is given', () => {
  const found = inForce({
    LOTAN_ADMIN_TOKEN: secret,
    REDIS_URL: `redis://lotan:${secret}@127.0.0.1/0`,
    AWS_SECRET_ACCESS_KEY: secret,
    ENV_ARGS: `-e DB_PASSWORD=${secret} -e DATABASE_URL=postgres://app:${secret}@db/app -e AWS_SECRET_ACCESS_KEY -e A=1`,
    LOTAN_CONTAINER_ENV_STRIPE_API_KEY: secret,
    LOTAN_CONTAINER_ENV_GITHUB_TOKEN: secret,
    LOTAN_CONTAINER_ENV_KEYBOARD: 'de',
  })
  assert.ok(!JSON.stringify(found).includes(secret))
  const shown = found.variables.filter(({ value }) => value !== null)
  assert.deepEqual(shown, [
    { name: 'A', value: '1', secret: false, from: 'ENV_ARGS', repository: null },
    { name: 'KEYBOARD', value: 'de', secret: false, from: 'LOTAN_CONTAINER_ENV_KEYBOARD', repository: null },
  ])
  const hidden = found.variables.filter((variable) => variable.secret).map(({ name }) => name)
  assert.deepEqual(hidden.sort(), [
    'AWS_SECRET_ACCESS_KEY',
    'DATABASE_URL',
    'DB_PASSWORD',
    'GITHUB_TOKEN',
    'STRIPE_API_KEY',
  ])
  const given = found.settings.find(({ name }) => name === 'LOTAN_CONTAINER_ENV_KEYBOARD')
  assert.deepEqual([given?.source, given?.value], ['environment', null])
})

test('a repository’s own filter and variables are among them, by their names', () => {
  const { settings, variables } = inForce({
    LOTAN_REPOSITORIES: 'api=r.io/api',
    TAG_FILTER_API: '^pr',
    ENV_ARGS: 'A=1 API__A=1',
    LOTAN_CONTAINER_ENV_API__A: '2',
    LOTAN_CONTAINER_ENV_API__TOKEN: secret,
    LOTAN_CONTAINER_ENV_WEB__A: '3',
    LOTAN_CONTAINER_ENV___A: '4',
  })
  assert.deepEqual(
    variables.map(({ name, value, from, repository }) => [name, value, from, repository]),
    [
      ['A', '1', 'ENV_ARGS', null],
      ['API__A', '1', 'ENV_ARGS', null],
      ['WEB__A', '3', 'LOTAN_CONTAINER_ENV_WEB__A', null],
      ['__A', '4', 'LOTAN_CONTAINER_ENV___A', null],
      ['A', '2', 'LOTAN_CONTAINER_ENV_API__A', 'api'],
      ['TOKEN', null, 'LOTAN_CONTAINER_ENV_API__TOKEN', 'api'],
    ],
  )
  const names = settings.map(({ name }) => name).filter((name) => /^TAG_FILTER_|^LOTAN_CONTAINER_ENV_/.test(name))
  const given = ['WEB__A', '__A', 'API__A', 'API__TOKEN'].map((name) => `LOTAN_CONTAINER_ENV_${name}`)
  assert.deepEqual(names, ['TAG_FILTER_API', ...given])
  assert.equal(settings.find(({ name }) => name === 'TAG_FILTER_API')?.value, '^pr')
})

test('a secret is among them by its name, and says that forks have it not', () => {
  const { settings, variables } = inForce({
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_REPOSITORY: 'team/app',
    LOTAN_CONTAINER_SECRET_API_URL: secret,
  })
  const from = 'LOTAN_CONTAINER_SECRET_API_URL'
  assert.deepEqual(variables, [{ name: 'API_URL', value: null, secret: true, from, repository: null, ownOnly: true }])
  const given = settings.filter(({ name }) => name.startsWith('LOTAN_CONTAINER_SECRET'))
  assert.deepEqual(given, [{ name: from, value: null, source: 'environment', secret: true, words: null }])
  assert.doesNotMatch(JSON.stringify({ settings, variables }), new RegExp(secret))
})
