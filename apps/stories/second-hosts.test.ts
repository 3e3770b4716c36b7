/** A service of a stack at its own host, through nginx: what wakes it, who is let in, and what becomes of a killed one. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { kill, removeImageByHand } from '../testing/harness/docker.ts'
import { asBrowser, isWaiting, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { until } from '../testing/harness/until.ts'
import { buildApp } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { request, type Ask } from '../testing/clients/http.ts'

describe('a second host', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let mail: string
  const bypass = () => ({ 'Lotan-Bypass': lotan.token })

  before(async () => {
    registry = await startImageRegistry()
    mail = `${registry.repository}-mail:1`
    const stack = (name: string) => `services:
  mail: { image: "${mail}", environment: { LOTAN_TAG: mail-of-${name} }, x-lotan: { host: true } }
  out: { image: "${mail}", environment: { LOTAN_TAG: out-of-${name} }, x-lotan: { host: true, egress: true } }
`
    const app = (name: string) => buildApp(`${registry.repository}:${name}`, { labels: { 'lotan.stack': stack(name) } })
    await Promise.all([buildApp(mail, { expose: [80] }), app('red'), app('Blue')])
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'open sesame', LOTAN_SANDBOXES: '1' },
    })
  })
  after(async () => {
    await lotan?.stop()
    await removeImageByHand(mail).catch(() => {})
    await registry?.close()
  })

  const at = (id: string, service: string) => lotan.host(`${id}+${service}`)
  const ask = (id: string, service: string, more: Omit<Ask, 'host'> = {}) =>
    request(lotan.port, { host: at(id, service), path: '/plain', ...more })
  const containerOf = (id: string) => lotan.store.services.get(id, 'mail')!.container!
  const generation = () => (lotan.store.get('red') as { generation: { container: string } }).generation.container

  test('lets no visitor in without a pass, and wakes nothing for them', async () => {
    assert.equal((await ask('red', 'mail')).status, 401)
    const led = await ask('red', 'mail', { headers: asBrowser })
    assert.equal(led.status, 303)
    assert.equal(new URL(led.headers.location!).searchParams.get('at'), 'red--to-mail')
    assert.equal(lotan.store.get('red'), undefined)
  })

  test('wakes its preview from cold: a page for people, programs wait', async () => {
    const held = ask('red', 'mail', { headers: bypass() })
    const page = await ask('red', 'mail', { headers: { ...asBrowser, ...bypass() } })
    assert.ok(isWaiting(page))
    assert.match(page.text, /its service <code>mail<\/code>/)
    const { status, text } = await held
    assert.deepEqual([status, text], [200, 'mail-of-red'])
    assert.equal(lotan.store.get('red')!.state, 'running')
    assert.equal((await ask('red', 'out', { headers: bypass() })).text, 'out-of-red')
    assert.equal((await lotan.request('red', { path: '/plain', headers: bypass() })).text, 'red')
    assert.equal((await ask('red', 'none', { headers: bypass() })).status, 404)
  })

  test('lets in who has a pass of that preview', async () => {
    const shared = await lotan.api<{ url: string }>('POST', '/previews/red/shares', { for: '1d' })
    const { pathname, search } = new URL(shared.json.url)
    const entered = await ask('red', 'mail', { path: pathname + search, headers: asBrowser })
    assert.equal(entered.status, 303)
    const Cookie = entered.headers['set-cookie']![0]!.split(';')[0]!
    assert.equal((await ask('red', 'mail', { headers: { ...asBrowser, Cookie } })).text, 'mail-of-red')
  })

  test('keeps its preview awake by what moves on a WebSocket', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}/`, { headers: { Host: at('red', 'mail'), ...bypass() } })
    await once(socket, 'message')
    const opened = Date.now()
    const sending = setInterval(() => socket.send('x'), 200)
    try {
      await until('it counts as use', () => (lotan.store.get('red')?.lastSeen ?? 0) > opened + 4_000, {
        within: 30_000,
      })
    } finally {
      clearInterval(sending)
      socket.terminate()
    }
  })

  test('of a killed service holds a request until it is back, and leaves the application alone', async () => {
    const [application, killed] = [generation(), containerOf('red')]
    await kill(killed)
    const { status, text } = await ask('red', 'mail', { headers: bypass() })
    assert.deepEqual([status, text], [200, 'mail-of-red'])
    assert.equal(containerOf('red'), killed)
    assert.equal(generation(), application)
    assert.ok(lotan.store.services.get('red', 'mail')!.crashes > 0)
  })

  test('stands at a hash where its preview does', async () => {
    await lotan.api('POST', '/previews', { tag: 'Blue' })
    await lotan.untilState('Blue', 'running')
    assert.match(at('Blue', 'mail'), /^blue-to-mail-[0-9a-z]{8}\./)
    assert.equal((await ask('Blue', 'mail', { headers: bypass() })).text, 'mail-of-Blue')
  })
})
