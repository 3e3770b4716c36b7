import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { readApiConfig, readConfig } from '../../shared/config/config.ts'
import { addressOf } from './api.ts'
import { findApi } from './find-api.ts'
import { removeRunFile, writeRunFile } from '../supervisor/run-file.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-find-'))
after(() => fs.rmSync(dir, { recursive: true }))

function find(env: Record<string, string>) {
  const api = findApi(readApiConfig({ LOTAN_DATA_DIR: path.join(dir, 'data'), ...env }))
  return 'missing' in api ? api.missing : [api.base, addressOf(api), api.token]
}

test('the API is found by the environment, by the launcher that runs, by the settings, in this order', () => {
  const given = { LOTAN_API: 'https://previews.example.com', LOTAN_ADMIN_TOKEN: 'a-token-that-was-given' }
  assert.deepEqual(find(given), ['https://previews.example.com', 'previews.example.com:443', given.LOTAN_ADMIN_TOKEN])
  const local = { ...given, LOTAN_API: 'http://a.localhost:8080' }
  assert.deepEqual(find(local), ['http://a.localhost:8080', '127.0.0.1:8080', given.LOTAN_ADMIN_TOKEN])

  assert.match(String(find({})), /data holds no admin token/)
  assert.deepEqual(find({ LOTAN_ADMIN_TOKEN: given.LOTAN_ADMIN_TOKEN, TL_DOMAIN: 'a.test', LOTAN_LISTEN: '*:80' }), [
    'http://a.test',
    '127.0.0.1:80',
    given.LOTAN_ADMIN_TOKEN,
  ])

  const LOTAN_DATA_DIR = path.join(dir, 'data')
  const kept = readConfig({ LOTAN_DATA_DIR }).adminToken
  assert.deepEqual(find({}), ['http://todowrangler.lotan.localhost:8080', '127.0.0.1:8080', kept])

  // A launcher may have been given all of it by an environment that is not ours.
  const running = readConfig({
    LOTAN_DATA_DIR,
    LOTAN_ADMIN_TOKEN: 'the+token=of&this/launcher',
    LOTAN_LISTEN: '[::]:8090',
    TL_DOMAIN: 'previews.example.com',
    LOTAN_PUBLIC_URL: 'https://previews.example.com',
  })
  writeRunFile(running)
  assert.deepEqual(find({}), ['https://previews.example.com', '[::1]:8090', 'the+token=of&this/launcher'])
  assert.equal(find({ LOTAN_ADMIN_TOKEN: given.LOTAN_ADMIN_TOKEN })[2], given.LOTAN_ADMIN_TOKEN)
  removeRunFile(running)
  assert.equal(find({})[2], kept)
})

test('the token of the data directory is not sent to what LOTAN_API names', () => {
  assert.match(String(find({ LOTAN_API: 'http://elsewhere.example.com' })), /set LOTAN_ADMIN_TOKEN too/)
})
