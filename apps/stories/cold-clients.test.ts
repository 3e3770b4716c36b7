/** What a cold preview answers: to everybody who asks, as the requests of real clients go over the wire. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { bytesOf, clients, type Client } from '../testing/clients/all.ts'
import { tagByHand } from '../testing/harness/docker.ts'
import type { Answer } from '../testing/clients/http.ts'
import { buildApps, buildSmall } from '../testing/images/build.ts'
import { sendRaw } from '../testing/clients/raw.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

/** What is between client and nginx alone, and what nginx says of itself: neither is the client's word to the application. */
const hops = /^(host|connection|keep-alive|te|transfer-encoding|content-length|expect|upgrade|http2-settings)$/i
const added = /^(x-real-ip|x-forwarded-(for|host|proto|port))$/i

/** Each client has a preview of its own, which nobody has asked for yet. */
const rows = (expect: Client['expect']) =>
  clients.filter((client) => client.expect === expect).map((client, i) => ({ client, tag: `${expect}-${i}` }))
const pages = rows('page')
const held = rows('held')
const robots = rows('robot')

describe('a cold preview', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    const small = `${registry.repository}:small`
    await buildSmall(small, 'small')
    for (const { tag } of [...pages, ...robots]) await tagByHand(small, `${registry.repository}:${tag}`)
    await buildApps(registry.repository, ['warm', ...held.map(({ tag }) => tag)])
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_SLOTS: '120', LOTAN_MAX_RUNNING: '110' },
    })
    // Known tags, as the registry's list would have them: of unknown ones only so many are looked for at once.
    lotan.store.offer(
      '',
      [...pages, ...held, ...robots].map(({ tag }) => ({ tag, digest: null })),
    )
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  const send = (tag: string, client: Client) => sendRaw(lotan.port, client.method, bytesOf(client, lotan.host(tag)))

  describe('shows the waiting page at once to', { concurrency: 2 }, () => {
    const took: number[] = []
    // A start that may be a quick one is waited for 1 s; that of a preview never seen is not.
    after(() => assert.ok(Math.min(...took) < 900, `the pages took ${took.join(', ')} ms`))
    for (const { client, tag } of pages)
      test(client.name, async () => {
        const answer = await send(tag, client)
        assert.equal(answer.status, 503)
        assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
        assertOurs(answer)
        assert.ok(Number(answer.headers['retry-after']) > 0)
        if (client.method !== 'HEAD')
          assert.match(answer.text, new RegExp(`<h1><span>(Getting|Waking) </span><code>${tag}</code>`))
        took.push(answer.head)
        assert.ok(lotan.store.get(tag), 'it was not woken')
      })
  })

  describe('sleeps on, whatever is asked by', { concurrency: 4 }, () => {
    for (const { client, tag } of robots)
      test(client.name, async () => {
        const answer = await send(tag, client)
        if (client.path === '/robots.txt') {
          assert.deepEqual([answer.status, answer.text], [200, 'User-agent: *\nDisallow: /\n'])
          assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
        } else {
          assert.equal(answer.status, 503)
          assert.equal(answer.headers['content-type'], 'application/problem+json')
        }
        assertOurs(answer)
        assert.ok(answer.body.length < 500)
        assert.equal(lotan.store.get(tag), undefined)
      })
  })

  describe('keeps what is not for a page until the application answers it, unchanged, for', { concurrency: 6 }, () => {
    for (const { client, tag } of held)
      test(client.name, async () => assertArrived(client, tag, await send(tag, client)))
  })

  test('was woken by no robot, not even later', async () => {
    assert.deepEqual(
      robots.filter(({ tag }) => lotan.store.get(tag)).map(({ client }) => client.name),
      [],
    )
    const tags = (await lotan.containers()).map(({ Labels }) => Labels['lotan.tag'])
    assert.deepEqual(
      robots.filter(({ tag }) => tags.includes(tag)),
      [],
    )
  })

  test('does not count robots once it runs, and lets them in', async () => {
    await lotan.request('warm')
    const lastSeen = () => lotan.store.get('warm')?.lastSeen
    // What was seen is written every 500 ms, and nginx asks again after 2 s.
    await until('the last visit is written down', async () => {
      const was = lastSeen()
      await sleep(1_500)
      return was !== null && lastSeen() === was
    })
    await sleep(2_100)
    const before = lastSeen()
    for (const { client } of robots) {
      const answer = await send('warm', client)
      assert.equal(answer.status, 200, `${client.name}: ${answer.text}`)
      assert.equal(answer.headers['x-app-tag'], 'warm', client.name)
    }
    await sleep(1_500)
    assert.equal(lastSeen(), before)
    await lotan.request('warm')
    await until('a person counts', () => lastSeen()! > before!)
  })

  /** A cold answer is another one a moment later: nobody may keep it. */
  function assertOurs({ headers }: Answer) {
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-robots-tag'], 'noindex')
    assert.equal(headers.etag, undefined)
    assert.equal(headers['last-modified'], undefined)
  }

  function assertArrived(client: Client, tag: string, answer: Answer) {
    const mine = client.headers
      .filter(([name]) => !hops.test(name))
      .map(([name, value]) => [name, value.replaceAll('{host}', lotan.host(tag))])
    if (client.headers.some(([name, value]) => /^upgrade$/i.test(name) && /^websocket$/i.test(value))) {
      assert.equal(answer.status, 101, answer.text)
      const told = JSON.parse(answer.text) as { tag: string; url: string; headers: Record<string, string> }
      assert.deepEqual([told.tag, told.url, told.headers.host], [tag, client.path, lotan.host(tag)])
      for (const [name, value] of mine) assert.equal(told.headers[name!.toLowerCase()], value)
      return
    }
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers['x-app-tag'], tag)
    if (client.method === 'HEAD') return
    const told = JSON.parse(answer.text) as { method: string; url: string; rawHeaders: string[]; body: string }
    assert.deepEqual([told.method, told.url], [client.method, client.path])
    assert.equal(Buffer.from(told.body, 'base64').toString(), client.body)
    const arrived = told.rawHeaders.flatMap((name, i) => (i % 2 ? [] : [[name, told.rawHeaders[i + 1]!]]))
    assert.deepEqual(
      arrived.filter(([name]) => /^host$/i.test(name!)),
      [['Host', lotan.host(tag)]],
    )
    assert.deepEqual(
      arrived.filter(([name]) => !hops.test(name!) && !added.test(name!)),
      mine,
    )
  }
})
