import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, test } from 'node:test'
import { openWorkers } from '../shared/queue.ts'
import { until } from '../testing/harness/until.ts'
import { openBed } from './admin/harness.ts'

// Stands where nginx does: passes on to the desk, or answers as another Lotan's nginx would.
let inFront: 'ours' | 'another' | 'silent' = 'ours'
const front = http.createServer(async (_req, res) => {
  if (inFront === 'silent') return
  if (inFront === 'another') return void res.setHeader('Lotan-Router', 'another').end('{"status":"ok"}')
  const { headers, text } = await bed.ask('/healthz', { headers: { Host: '127.0.0.1' } })
  res.setHeader('Lotan-Router', String(headers['lotan-router'])).end(text)
})
front.listen(0, '127.0.0.1')
await once(front, 'listening')
const { port } = front.address() as AddressInfo
const bed = await openBed({ LOTAN_LISTEN: `0.0.0.0:${port}` })

after(async () => {
  front.close()
  front.closeAllConnections()
  await bed.close()
})

/** The names of the parts that are not ready. */
async function notReady(): Promise<string[]> {
  const { status, json } = await bed.ask('/readyz', { headers: { Host: 'anything' } })
  const names = Object.keys(json.checks).filter((name) => !json.checks[name].ok)
  for (const check of Object.values(json.checks)) assert.deepEqual(Object.keys(check as object), ['ok', 'detail'])
  assert.equal(status, names.length ? 503 : 200)
  assert.equal(json.status, names.length ? 'not ready' : 'ready')
  return names
}

test('readyz names every part, and all of them have to be well', async () => {
  assert.deepEqual(await notReady(), ['engine', 'queue-processor', 'reaper'])

  bed.reaper((_req, res) => res.writeHead(503).end('{}'))
  assert.deepEqual(await notReady(), ['engine', 'queue-processor'])

  bed.reaper((_req, res) => res.end('{"version":"20.10"}'))
  const workers = openWorkers(
    bed.config,
    { lookup: 2, prepull: 1, update: 1, batch: 1, pull: 1, start: 1, wake: 1, stop: 1 },
    async () => {},
    bed.log,
  )
  await until('all workers listen', async () => (await notReady()).length === 0)
  const { json } = await bed.ask('/readyz')
  assert.deepEqual(Object.keys(json.checks), ['engine', 'redis', 'database', 'nginx', 'queue-processor', 'reaper'])
  assert.equal(json.checks.engine.detail, 'version 20.10')

  bed.store.facts.set('cutOff', true)
  assert.deepEqual(await notReady(), ['queue-processor'])
  bed.store.facts.forget('cutOff')
  assert.deepEqual(await notReady(), [])

  await workers.close()
  assert.deepEqual(await notReady(), ['queue-processor'])
})

test('another Lotan’s nginx on the port is not taken for ours, and a silent one is waited for only so long', async () => {
  inFront = 'another'
  assert.deepEqual(await notReady(), ['nginx', 'queue-processor'])
  inFront = 'silent'
  assert.deepEqual(await notReady(), ['nginx', 'queue-processor'])
  front.close()
  front.closeAllConnections()
  assert.deepEqual(await notReady(), ['nginx', 'queue-processor'])
})

test('a Redis and a reaper that hang cost no more than their time', async () => {
  bed.reaper(() => {})
  bed.redis.kill('SIGSTOP')
  assert.deepEqual(await notReady(), ['engine', 'redis', 'nginx', 'queue-processor', 'reaper'])
  bed.redis.kill('SIGCONT')
})

test('the forge part counts where there is one, and whether the forge answers does not', async () => {
  const forge = http.createServer((_req, res) => res.writeHead(204).end())
  const withForge = await openBed({ LOTAN_NOTIFY_URL: 'http://127.0.0.1:9/' })
  try {
    const checks = async () => (await withForge.ask('/readyz')).json.checks as Record<string, { ok: boolean }>
    assert.equal((await checks()).forge?.ok, false)
    forge.listen(path.join(withForge.config.runDir, 'forge.sock'))
    await once(forge, 'listening')
    withForge.store.facts.set('forge', { away: { why: 'down', since: 1 }, lacks: [] })
    assert.equal((await checks()).forge?.ok, true)
    assert.equal('forge' in (await bed.ask('/readyz')).json.checks, false)
  } finally {
    forge.close()
    forge.closeAllConnections()
    await withForge.close()
  }
})

test('the shell part counts where the way in is on', async () => {
  const shell = http.createServer((_req, res) => res.writeHead(204).end())
  const withShell = await openBed({ LOTAN_SHELL: 'on' })
  try {
    const isWell = async () => (await withShell.ask('/readyz')).json.checks.shell?.ok
    assert.equal(await isWell(), false)
    shell.listen(path.join(withShell.config.runDir, 'shell.sock'))
    await once(shell, 'listening')
    assert.equal(await isWell(), true)
    assert.equal('shell' in (await bed.ask('/readyz')).json.checks, false)
  } finally {
    shell.close()
    shell.closeAllConnections()
    await withShell.close()
  }
})

test('healthz is open on any host and needs no other part', async () => {
  const { status, json } = await bed.ask('/healthz', { headers: { Host: 'anything' } })
  assert.equal(status, 200)
  assert.deepEqual(json, { status: 'ok' })
})
