/** Previews that call those that they go with in another repository, through the front, beside a gate. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { In } from '../shared/preview/preview.ts'
import { hostOf } from '../shared/tag.ts'
import { gatewayOf } from '../shared/slots/slots.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { inside } from '../testing/harness/reach.ts'
import { until } from '../testing/harness/until.ts'
import { publishApps } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

/** Prints status and text of the answer. Node takes a Host from its headers. */
const call = `
  const [address, port, host, path] = process.argv.slice(1)
  const headers = { Host: host, 'X-Forwarded-For': '127.0.0.1', 'User-Agent': 'a crawler', Accept: 'text/html' }
  require('node:http')
    .get({ host: address, port, path, headers }, async (answer) => {
      const pieces = await answer.toArray()
      console.log(JSON.stringify({ status: answer.statusCode, text: Buffer.concat(pieces).toString() }))
    })
    .on('error', ({ code }) => console.log(JSON.stringify({ status: 0, text: code })))`

/** As an application does: by the variable that it is given, and the name in its hosts file. */
const callPair = `
  fetch(process['env'].LOTAN_URL_API + '/plain').then(async (answer) =>
    console.log(JSON.stringify({ status: answer.status, text: await answer.text() })))`

/** Asks every 300 ms, for as long as its container runs. */
const poll = `
  const [address, port, host] = process.argv.slice(1)
  const ask = () => require('node:http').get({ host: address, port, headers: { Host: host } }, (it) => it.resume()).on('error', () => {})
  setInterval(ask, 300)`

describe('a preview that calls others', { timeout: 180_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    const api = registry.repository.replace(/\/.*$/, '/api')
    await publishApps(registry.repository, ['pr-7'])
    await publishApps(api, ['pr-7', 'pr-8', 'main'])
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        LOTAN_REPOSITORIES: `api=${api}`,
        LOTAN_GATE: 'password',
        LOTAN_GATE_PASSWORD: 'open sesame',
        INACTIVITY_STOP_TIMEOUT_MINUTES: '0.15',
        LOTAN_GRACE_SECONDS: '1',
      },
    })
    await until('the front listens where previews reach it', () => lotan.store.facts.get('pairListen')?.address)
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const visit = () => lotan.request('pr-7', { path: '/plain', headers: { 'Lotan-Bypass': lotan.token } })
  const logFile = () => path.join(lotan.config.dataDir, 'logs/nginx-access.log')
  const front = () => gatewayOf(lotan.store.facts.get('subnet')!)
  const from = async (container: string, host: string, path = '/plain') =>
    JSON.parse(await inside(container, ['node', '-e', call, front(), String(lotan.port), host, path])) as {
      status: number
      text: string
    }

  test('is held until its pair is up, past the gate, and reaches nothing else', async () => {
    assert.equal((await visit()).text, 'pr-7')
    const [web] = await lotan.containers()
    await until('the firewall lets it through', async () => (await from(web!.Id, 'elsewhere.test')).status !== 0)
    for (const [host, path] of [
      [lotan.domain, '/'],
      [lotan.domain, '/api/v1/previews'],
      ['elsewhere.test', '/healthz'],
      [hostOf('pr-7', lotan.config), '/plain'],
      [hostOf('api/pr-8', lotan.config), '/plain'],
      [hostOf('api/pr-7', lotan.config), '/.lotan/'],
    ] as const) {
      const { status, text } = await from(web!.Id, host, path)
      assert.deepEqual(
        [status, (JSON.parse(text) as { type: string }).type.split('/').at(-1)],
        [403, 'not-a-pair'],
        host,
      )
    }
    assert.deepEqual(
      lotan.store.list().map(({ repository }) => repository),
      [''],
    )

    await visit()
    assert.deepEqual(JSON.parse(await inside(web!.Id, ['node', '-e', callPair])), { status: 200, text: 'pr-7' })
    const [start] = lotan.store.history('api/pr-7').filter(({ event }) => event === 'start')
    assert.equal(start?.who, 'pr-7')
    await until('the log says who called', async () =>
      (await fs.readFile(logFile(), 'utf8')).includes(' pr-7.api.todowrangler.lotan.localhost call:pr-7 GET '),
    )
  })

  test('falls asleep with its pair while the two ask each other all the time', async () => {
    await visit()
    const last = Date.now()
    const ids = ['pr-7', 'api/pr-7']
    const hosts = ids.map((id) => hostOf(id, lotan.config)).reverse()
    const containers = ids.map((id) => (lotan.store.get(id) as In<'running'>).generation.container)
    for (const [i, container] of containers.entries())
      void inside(container, ['node', '-e', poll, front(), String(lotan.port), hosts[i]!]).catch(() => {})
    await until('both are being stopped', () => ids.every((id) => lotan.store.get(id)?.state === 'stopping'), {
      within: 60_000,
    })
    await until('each was called since, in vain', async () => {
      const log = await fs.readFile(logFile(), 'utf8')
      return hosts.every((host) => new RegExp(` ${host} call:\\S+ GET "/" 503 `).test(log))
    })
    for (const id of ids) {
      assert.match(lotan.store.get(id)!.state, /^stopp/, 'nothing has called it back')
      const { lastSeen } = lotan.store.get(id)!
      // nginx renews what it knows of a route in the background, just after the visit. They have asked for far longer.
      assert.ok(lastSeen! <= last + 3_000, `${id} was seen ${lastSeen! - last} ms after the last visit`)
      const starts = lotan.store.history(id).filter(({ event, at }) => event === 'start' && at > last)
      assert.deepEqual(starts, [], id)
    }
  })
})
