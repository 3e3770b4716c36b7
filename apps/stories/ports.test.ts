/** A Lotan whose slots are ports of 127.0.0.1, as it is where containers' addresses cannot be reached. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { slotSchemeIn } from '../shared/slots/slot-scheme.ts'
import { generationOf } from '../shared/preview/preview.ts'
import { gatewayOf } from '../shared/slots/slots.ts'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { docker, networkOf, kill, removeByHand } from '../testing/harness/docker.ts'
import { buildApp, buildApps } from '../testing/images/build.ts'
import { startLoad } from '../testing/clients/load.ts'
import { openOutside, reachedFrom } from '../testing/harness/reach.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

/** How long previews with that label are left alone. */
const IDLE_MS = 3_600
const idle = { 'lotan.inactivity-stop-minutes': String(IDLE_MS / 60_000) }

describe('previews behind ports of 127.0.0.1', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    const tag = (name: string) => `${registry.repository}:${name}`
    await buildApps(registry.repository, ['red', 'green', 'upload', 'socket', 'again', 'frozen', 'dropping'])
    await buildApps(registry.repository, ['lost', 'ended'])
    await buildApps(registry.repository, ['streaming', 'silent'], { labels: idle })
    await buildApp(tag('elsewhere'), { env: { APP_PORT: 3000 }, expose: [3000] })
    await buildApp(tag('wrong'), { env: { APP_PORT: 3001 }, expose: [3000] })
    await buildApp(tag('pushed'), { env: { VERSION: 1 } })
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        LOTAN_SLOT_KIND: 'port',
        LOTAN_SLOTS: '40',
        LOTAN_MAX_RUNNING: '30',
        LOTAN_START_TIMEOUT_SECONDS: '6',
        LOTAN_GRACE_SECONDS: '1',
      },
    })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const plain = (tag: string) => lotan.request(tag, { path: '/plain' })

  /** The port of 127.0.0.1 that leads to a tag's container, and the container's address. */
  async function inspect(tag: string) {
    const { HostConfig, NetworkSettings } = await networkOf(await lotan.containerOf(tag))
    const [[inside, bound] = ['', []]] = Object.entries(HostConfig.PortBindings)
    return { inside, bound, address: Object.values(NetworkSettings.Networks)[0]!.IPAddress }
  }

  test('it is said on the console, with the reason', () => {
    assert.match(
      lotan.said(),
      /^lotan: started .*\nlotan: previews are reached through ports of 127\.0\.0\.1: LOTAN_SLOT_KIND says so$/m,
    )
  })

  test('a click reaches the application, whatever port it listens on', async () => {
    assert.match((await lotan.click('red')).text, /"tag":"red"/)
    const { inside, bound } = await inspect('red')
    assert.deepEqual([inside, bound.length, bound[0]?.HostIp], ['80/tcp', 1, '127.0.0.1'])
    const places = slotSchemeIn(lotan.store.facts)
    const preview = lotan.store.get('red')
    assert.ok(places?.kind === 'port' && preview?.state === 'running')
    assert.equal(Number(bound[0]?.HostPort), places.ports[preview.generation.slot - 1])
    assert.equal((await plain('elsewhere')).text, 'elsewhere')
    assert.equal((await inspect('elsewhere')).inside, '3000/tcp')
  })

  describe('each for itself', { concurrency: 12 }, () => {
    test('an upload is held for a cold preview, and arrives byte for byte', async () => {
      const body = randomBytes(20 * 1024 * 1024)
      const { status, text } = await lotan.request('upload', { method: 'POST', path: '/upload', body })
      assert.equal(status, 200)
      const told = JSON.parse(text) as { bytes: number; sha256: string }
      assert.deepEqual([told.bytes, told.sha256], [body.length, createHash('sha256').update(body).digest('hex')])
    })

    test('a WebSocket to a cold preview is held, and echoes', async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}/`, { headers: { Host: lotan.host('socket') } })
      const said: Buffer[] = []
      socket.on('message', (data) => said.push(data as Buffer))
      try {
        await once(socket, 'open')
        const bytes = randomBytes(70_000)
        socket.send(bytes)
        await until('it echoes', () => said[1]?.equals(bytes))
      } finally {
        socket.terminate()
      }
    })

    test('a stream that moves keeps its preview up, one that is silent does not', async () => {
      await Promise.all(['streaming', 'silent'].map(plain))
      const streams = await Promise.all([
        lotan.open('streaming', { path: '/sse?n=1000000&every=500' }),
        lotan.open('silent', { path: '/mute' }),
      ])
      const opened = Date.now()
      try {
        for (const stream of streams) stream.on('error', () => {}).resume()
        await lotan.untilState('silent', 'stopping')
        assert.ok(Date.now() - opened >= IDLE_MS - 100, 'not too early')
        const end = opened + 2.5 * IDLE_MS
        await until('the other was watched', () => Date.now() >= end || state('streaming') !== 'running')
        assert.equal(state('streaming'), 'running')
      } finally {
        for (const stream of streams) stream.destroy()
      }
      await lotan.untilState('streaming', 'stopping')
    })

    test('what was stopped starts again, from a container made anew behind another port', async () => {
      await plain('again')
      const was = { container: await lotan.containerOf('again'), ...(await inspect('again')) }
      await lotan.api('POST', '/previews/again/stop')
      await lotan.untilState('again', 'stopped')
      assert.equal((await plain('again')).text, 'again')
      assert.notEqual(await lotan.containerOf('again'), was.container)
      assert.notDeepEqual((await inspect('again')).bound, was.bound)
      const left = (await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === 'again')
      assert.equal(left.length, 1, 'the old one is gone')
    })

    for (const [tag, how] of [
      ['lost', removeByHand],
      ['ended', kill],
    ] as const)
      test(`one that is ${tag} by hand under load comes back, and nobody sees another's page`, async () => {
        const load = startLoad(lotan, [tag, 'green'])
        const served = () => load.served().get(tag) ?? 0
        try {
          await until('it is visited', () => served() > 50)
          await how(await lotan.containerOf(tag))
          const before = served()
          const { status, text } = await plain(tag)
          assert.deepEqual([status, text], [200, tag])
          await until('it is visited again', () => served() > before + 50)
        } finally {
          await load.stop()
        }
        assert.deepEqual([...load.wrong()], [])
      })

    test('an application that drops a connection is not taken for one that is lost', async () => {
      await plain('dropping')
      const was = await lotan.containerOf('dropping')
      assert.equal((await lotan.request('dropping', { path: '/drop', headers: asBrowser })).status, 502)
      assert.equal((await plain('dropping')).text, 'dropping')
      assert.equal(await lotan.containerOf('dropping'), was)
    })

    test('a wrong port is found out, though the engine accepts connections for it', async () => {
      const { status } = await lotan.request('wrong')
      assert.equal(status, 502)
      const preview = lotan.store.get('wrong')
      assert.ok(preview?.state === 'failed')
      assert.equal(preview.reason.code, 'wrong-port')
      assert.match(preview.reason.detail, /not on port 3000/)
    })

    test('one that nobody uses is frozen, and the next visit wakes it', async () => {
      await plain('frozen')
      const container = await lotan.containerOf('frozen')
      await until('its container is frozen', async () => {
        // What was sent just before the pause may be counted as use after it, which calls it off.
        if (lotan.store.get('frozen')?.state === 'running') lotan.store.apply('frozen', { type: 'pause' })
        const { State } = await docker<{ State: { Paused: boolean } }>('GET', `/containers/${container}/json`)
        return State.Paused
      })
      assert.equal((await plain('frozen')).text, 'frozen')
      assert.equal(await lotan.containerOf('frozen'), container)
    })

    test('a newer image comes up behind a port of its own beside the one that serves', async () => {
      await plain('pushed')
      const was = { container: await lotan.containerOf('pushed') }
      await buildApp(`${registry.repository}:pushed`, { env: { VERSION: 2 } })
      const newer = await docker<{ Id: string }>('GET', `/images/${registry.repository}:pushed/json`)
      const preview = lotan.store.get('pushed')!
      const load = startLoad(lotan, ['pushed'])
      try {
        lotan.store.apply('pushed', { type: 'renewed', image: { ...preview.image!, id: newer.Id, digest: null } })
        await lotan.api('POST', '/previews/pushed/start')
        const served = () => load.served().get('pushed') ?? 0
        await until('the newer one serves', () => containerIn('pushed') !== was.container)
        const before = served()
        // nginx knows the older one's route for 2 s more.
        await until('it is visited on', () => served() > before + 200)
      } finally {
        await load.stop()
      }
      const [is, ...others] = await Promise.all((await ofTag('pushed')).map(publishedBy))
      assert.ok(others.length === 1 && is !== others[0], 'both are there, each behind a port of its own')
      assert.deepEqual([[...load.wrong()], [...load.others()]], [[], []])
    })
  })

  test('previews do not reach each other, at their addresses or behind their ports', async () => {
    await plain('green')
    const [red, green] = [await inspect('red'), await inspect('green')]
    const port = green.bound[0]!.HostPort
    const gateway = gatewayOf(lotan.store.facts.get('subnet')!)
    const closed = [`${green.address}:80`, `${gateway}:${port}`, `127.0.0.1:${port}`, `${gateway}:${lotan.port}`]
    const own = `${red.address}:80`
    assert.deepEqual(await reachedFrom(await lotan.containerOf('red'), [own, ...closed]), [own])
    const outside = await openOutside(9)
    try {
      assert.deepEqual(await outside.reaches([own, `${green.address}:80`]), [], 'nor does who knows a way to them')
    } finally {
      await outside.close()
    }
    assert.equal((await plain('green')).text, 'green')
  })

  test('what runs is taken over when the database was lost', async () => {
    const containers = await Promise.all(['red', 'green'].map((tag) => lotan.containerOf(tag)))
    await lotan.end()
    for (const suffix of ['', '-wal', '-shm'])
      await fs.rm(path.join(lotan.config.dataDir, `lotan.sqlite${suffix}`), { force: true })
    await lotan.again()
    const preview = async (tag: string) =>
      (await lotan.api<{ state?: string; container?: string }>('GET', `/previews/${tag}`)).json
    for (const [i, tag] of ['red', 'green'].entries()) {
      await until(`${tag} is taken over`, async () => (await preview(tag)).state === 'running')
      assert.equal((await preview(tag)).container, containers[i])
      assert.equal((await plain(tag)).text, tag)
    }
    assert.deepEqual(await Promise.all(['red', 'green'].map((tag) => lotan.containerOf(tag))), containers)
  })

  function containerIn(tag: string) {
    const preview = lotan.store.get(tag)
    return preview && generationOf(preview)?.container
  }

  async function publishedBy(container: string): Promise<string | undefined> {
    const { HostConfig } = await networkOf(container)
    return Object.values(HostConfig.PortBindings)[0]?.[0]?.HostPort
  }

  const state = (tag: string) => lotan.store.get(tag)?.state

  async function ofTag(tag: string): Promise<string[]> {
    return (await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === tag).map(({ Id }) => Id)
  }
})
