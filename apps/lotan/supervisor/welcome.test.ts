import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../shared/config/config.ts'
import { welcome } from './welcome.ts'

/** The links that are printed, but for the admin page's. */
function links(t: { after: (done: () => void) => void }, env: Record<string, string>): string[] {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-welcome-'))
  const config = readConfig({ LOTAN_DATA_DIR: dataDir, TL_DOMAIN: 'p.test', LOTAN_LISTEN: '127.0.0.1:80', ...env })
  t.after(() => {
    fs.rmSync(dataDir, { recursive: true })
    fs.rmSync(config.runDir, { recursive: true, force: true })
  })
  const said: string[] = []
  welcome(config, (text) => void said.push(text))
  const admin = said.findIndex((text) => text.startsWith('admin:'))
  assert.ok(admin > 0)
  return said.slice(0, admin)
}

test('the links that a start prints are of tags that may be opened', (t) => {
  const all = links(t, {})
  assert.deepEqual([all.length, all[0]], [8, '  http://red.p.test/'])
  // Its database would be of a Redis that is not on this machine.
  assert.equal(links(t, { REDIS_URL: 'redis://r.test:6379' }).length, 7)
  assert.deepEqual(links(t, { TAG_FILTER: '^pr%-' }), ['  http://pr-3001.p.test/', '  http://pr-3002.p.test/'])
  assert.deepEqual(links(t, { TAG_FILTER: '^v%d' }), ['TAG_FILTER lets no tag of the demo through'])
  assert.deepEqual(links(t, { REPOSITORY: 'r.test/app', TAG_FILTER: '^v%d' }), ['  http://TAG.p.test/'])
})

test('each repository’s previews have a line, in the form of their hosts', (t) => {
  const all = { REPOSITORY: 'r.test/app', LOTAN_REPOSITORIES: 'api=r.test/api web=r.test/web' }
  assert.deepEqual(links(t, all), ['  http://TAG.p.test/', '  http://TAG.api.p.test/', '  http://TAG.web.p.test/'])
  const flat = { LOTAN_REPOSITORIES: 'api=r.test/api', LOTAN_HOST_FORM: 'flat' }
  assert.deepEqual(links(t, flat), ['  http://TAG--in-api.p.test/'])
})
