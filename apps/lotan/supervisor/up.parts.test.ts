/** `lotan up` with parts named: a launcher for some of them, beside others in the same data directory. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore } from '../../shared/store/store.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { processesAbout } from '../../testing/harness/processes.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { until } from '../../testing/harness/until.ts'
import { databaseOf } from '../database/watch.ts'
import { unhealthyOne } from './health.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-up-'))
const env: Record<string, string> = {
  ...surroundings,
  LOTAN_DATA_DIR: dir,
  LOTAN_LISTEN: `127.0.0.1:${await freePort()}`,
  REPOSITORY: '127.0.0.1:1/nothing',
}
const config = readConfig(env)
const launchers: { child: ChildProcess; ended: Promise<number | null> }[] = []
after(async () => {
  for (const { child, ended } of launchers) {
    child.kill('SIGKILL')
    await ended
  }
  fs.rmSync(dir, { recursive: true })
})

function launch(parts: string[], more: Record<string, string> = {}) {
  const main = path.join(import.meta.dirname, '../main.ts')
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', process.execPath, main, 'up', ...parts], {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const launcher = { child, ended, said: () => said }
  launchers.push(launcher)
  return launcher
}

/** How an `up` ends that is to be refused. */
async function refused(parts: string[], more?: Record<string, string>) {
  const { ended, said } = launch(parts, more)
  return { code: await ended, said: said() }
}

const well = (name: 'router' | 'redis') =>
  until(`${name} is well`, async () => (await unhealthyOne(name, config)) === undefined)

test('parts are run by launchers of their own, in any order, and end one by one', async () => {
  const router = launch(['router'])
  await well('router')
  assert.equal(await unhealthyOne('redis', config), 'redis does not answer')
  const redis = launch(['redis'])
  await well('redis')

  for (const parts of [['router'], ['redis', 'reaper'], []]) {
    const { code, said } = await refused(parts)
    assert.equal(code, 1, said)
    assert.match(said, /already running/)
  }

  redis.child.kill('SIGTERM')
  assert.equal(await redis.ended, 0)
  assert.match(redis.said(), /redis is up\n.*stopping\n.*stopped\n/)
  await well('router')
  router.child.kill('SIGTERM')
  assert.equal(await router.ended, 0)
  assert.deepEqual(processesAbout(dir), [])
})

test('a launcher of the shell part rests and is well where the way in is off', async () => {
  const off = launch(['shell'])
  await until('it says so', () => off.said().includes('nobody may look inside: LOTAN_SHELL is not on'))
  assert.equal(await unhealthyOne('shell', config), undefined)
  const isPart = ({ command }: { command: string }) => command.includes('apps/shell/main.ts')
  assert.deepEqual(processesAbout(dir).filter(isPart), [])
  off.child.kill('SIGTERM')
  assert.equal(await off.ended, 0)

  assert.equal(await unhealthyOne('shell', readConfig({ ...env, LOTAN_SHELL: 'on' })), 'shell does not work')
  assert.deepEqual(processesAbout(dir), [])
})

test('nginx alone is not started over a database that is older, until that was compared with what runs', async (t) => {
  const store = openStore(databaseOf(config), {
    slots: config.slots,
    label: (tag) => tag,
    log: openLog('test', 'silent'),
  })
  t.after(() => store.close())
  store.facts.set('subnet', '172.30.0.0/20')
  // A back-up tells of comparing too.
  store.facts.set('compared', true)
  const image = { id: 'i', digest: null, pulled: false, bytes: 1, created: null, labels: {}, ports: [80] }
  const generation = { number: 1, container: 'c1', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
  store.apply('red', { type: 'adopt', frozen: false, generation, image })
  const seen = path.join(dir, 'run', 'slots-given')
  fs.writeFileSync(seen, '0000000000000005\n')

  const router = launch(['router'])
  await well('router')
  const saysSo = /may be older than what runs/
  const waits = 'nginx waits until the older database was compared with what runs, which takes the engine'
  const first = launch(['nginx'])
  await until('it says what it waits for', () => saysSo.test(first.said()), { within: 60_000 })
  await until('whoever asks is told so', async () => (await unhealthyOne('nginx', config)) === waits)
  first.child.kill('SIGTERM')
  assert.equal(await first.ended, 0)
  assert.equal(await unhealthyOne('nginx', config), 'nginx does not answer')

  const second = launch(['nginx'])
  await until('the next one says so too', () => saysSo.test(second.said()), { within: 60_000 })
  // As the reaper does.
  store.facts.set('compared', true)
  await until('nginx is well', async () => (await unhealthyOne('nginx', config)) === undefined, { within: 60_000 })
  await until('it counts as the last one', () => store.slotsGiven() === 6)
  await until('which is noted', () => fs.readFileSync(seen, 'utf8') === '0000000000000006\n')
  second.child.kill('SIGTERM')
  assert.equal(await second.ended, 0)

  const third = launch(['nginx'])
  await until('it is started without', () => /started nginx/.test(third.said()), { within: 60_000 })
  assert.doesNotMatch(third.said(), saysSo)
  for (const { child, ended } of [third, router]) {
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
  }
  assert.deepEqual(processesAbout(dir), [])
})

test('settings that cannot be used end with 2; files that may be there a moment later with 1, to be tried again', async () => {
  const [LOTAN_TLS_CERT, LOTAN_TLS_KEY] = ['cert.pem', 'key.pem'].map((name) => path.join(dir, name)) as [
    string,
    string,
  ]
  const files = await refused([], { LOTAN_TLS_CERT, LOTAN_TLS_KEY })
  assert.equal(files.code, 1)
  assert.match(files.said, /^lotan: LOTAN_TLS_CERT is .*, which cannot be used: .*\nlotan: LOTAN_TLS_KEY is /)
  const both = await refused([], { LOTAN_TLS_CERT, LOTAN_TLS_KEY, LOTAN_SLOTS: 'many' })
  assert.equal(both.code, 2)
  assert.match(both.said, /LOTAN_SLOTS is 'many'.*\nlotan: LOTAN_TLS_CERT is /)
})

test('what cannot be run in parts is refused', async () => {
  const stranger = await refused(['registry'])
  assert.equal(stranger.code, 2)
  assert.match(stranger.said, /^lotan: up takes names of parts, and 'registry' is none$/m)
  const demo = await refused(['router'], { REPOSITORY: '' })
  assert.equal(demo.code, 1)
  assert.match(demo.said, /REPOSITORY is not set, and the demo does not run in parts/)
  const theirs = await refused(['redis'], { REDIS_URL: 'redis://127.0.0.1:1' })
  assert.equal(theirs.code, 1)
  assert.match(theirs.said, /REDIS_URL names a Redis that is not Lotan's own/)
})
