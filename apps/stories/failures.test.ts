/** Each way not to come up has its own reason: in plain words for visitors, with the engine's words for the admin. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { waitsForEngine } from '../shared/preview/preview.ts'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { openEngineProxy, type EngineProxy } from '../testing/harness/engine-proxy.ts'
import { buildApp, buildBroken, buildCapable, buildSmall } from '../testing/images/build.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { engine } from '../testing/images/kept-bases.ts'
import { login, startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

/** Words of applications and of the engine, which no visitor may read. */
const secret = 'postgres://admin:hunter2@10.0.0.7/todo'

/** How long an application may take until its first answer. */
const START_MS = 20_000

interface Case {
  tag: string
  build: (reference: string) => Promise<void>
  reason: string
  heading: RegExp
  sentence: RegExp
  /** What the admin reads of it. */
  admin?: RegExp
  /** It is known before the start's time is up. */
  soon?: boolean
}

const cases: Case[] = [
  {
    tag: 'exits',
    build: (reference) => buildSmall(reference, '', { cmd: ['sh', '-c', `echo ${secret} >&2; exit 3`] }),
    reason: 'exited',
    heading: /exits did not start/,
    sentence: /exit code 3/,
    admin: new RegExp(secret.replace(/[/.]/g, '\\$&')),
  },
  {
    tag: 'elsewhere',
    build: (reference) => buildSmall(reference, 'hello', { cmd: ['httpd', '-f', '-p', '3000', '-h', '/www'] }),
    reason: 'wrong-port',
    heading: /elsewhere listens on another port/,
    sentence: /nothing answers on port 80\. It listens on port 3000/,
  },
  {
    tag: 'loopback',
    build: (reference) => buildSmall(reference, 'hello', { cmd: ['httpd', '-f', '-p', '127.0.0.1:80', '-h', '/www'] }),
    reason: 'wrong-port',
    heading: /loopback listens to itself only/,
    sentence: /127\.0\.0\.1:80/,
    soon: true,
  },
  {
    tag: 'closed',
    build: (reference) => buildSmall(reference, '', { cmd: ['sleep', '1000'] }),
    reason: 'port-closed',
    heading: /closed does not listen/,
    sentence: /listens on no port/,
  },
  {
    tag: 'silent',
    build: (reference) => buildApp(reference, { env: { APP_SILENT: 1 } }),
    reason: 'no-answer',
    heading: /silent does not answer/,
    sentence: /gave no answer/,
  },
  {
    tag: 'tls',
    build: (reference) => buildApp(reference, { env: { APP_SPEAKS: 'tls' } }),
    reason: 'only-tls',
    heading: /tls speaks only TLS/,
    sentence: /port 80, but speaks only TLS/,
    soon: true,
  },
  {
    tag: 'http2',
    build: (reference) => buildApp(reference, { env: { APP_SPEAKS: 'http2' } }),
    reason: 'only-http2',
    heading: /http2 speaks only HTTP\/2/,
    sentence: /port 80, but speaks only HTTP\/2/,
    soon: true,
  },
  {
    tag: 'ipv6',
    build: (reference) => buildApp(reference, { env: { APP_SPEAKS: 'ipv6' } }),
    reason: 'only-ipv6',
    heading: /ipv6 listens only on IPv6/,
    sentence: /listens only on IPv6 \(\[::\]:80\)/,
    soon: true,
  },
  {
    tag: 'capable',
    build: (reference) => buildCapable(reference, 'cap_sys_admin+ep'),
    reason: 'file-capabilities',
    heading: /capable asks for rights/,
    sentence: /capabilities \(setcap\) that no preview is given/,
    admin: /not permitted/i,
    soon: true,
  },
  {
    tag: 'greedy',
    build: (reference) => buildSmall(reference, '', { cmd: ['tail', '/dev/zero'], labels: { 'lotan.memory': '24m' } }),
    reason: 'out-of-memory',
    heading: /greedy needs more memory/,
    sentence: /limit of 24 MB/,
  },
  {
    tag: 'broken',
    build: buildBroken,
    reason: 'bad-image',
    heading: /broken cannot be started/,
    sentence: /no program/,
    admin: /nowhere/,
  },
]

describe('a preview that does not come up', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    for (const { tag, build } of cases) await build(`${registry.repository}:${tag}`)
    await buildSmall(`${registry.repository}:fine`, 'fine')
    await publishSmall(`${registry.repository}:away`, 'away')
    lotan = await startLotan({
      repository: registry.repository,
      env: { LOTAN_START_TIMEOUT_SECONDS: String(START_MS / 1_000) },
    })
    // All at once: none waits for another's trouble.
    for (const { tag } of cases) await lotan.api('POST', `/previews/${tag}/start`)
    await lotan.api('POST', '/previews', { tag: 'fine' })
    for (const { tag } of cases) await lotan.api('POST', '/previews', { tag })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  test('does not keep another from coming up', async () => {
    assert.equal((await lotan.click('fine')).status, 200)
  })

  for (const { tag, reason, heading, sentence, admin, soon } of cases)
    test(`says why: ${reason} (${tag})`, async () => {
      await lotan.untilState(tag, 'failed', 120_000)
      const preview = lotan.store.get(tag)
      const took = preview?.state === 'failed' ? preview.reason.after! : NaN
      if (soon) assert.ok(took < START_MS, `said after ${took} ms`)
      const page = await lotan.request(tag, { headers: asBrowser })
      assert.equal(page.status, 502)
      assert.match(page.headers['content-type'] ?? '', /html/)
      const text = plain(page.text)
      assert.match(text, heading)
      assert.match(text, sentence)
      // Where only a new image helps, no button says otherwise.
      const mayHelp = ['exited', 'no-answer', 'disk-over', 'crashing'].includes(reason)
      assert.equal(/action="\/.lotan\/retry"/.test(page.text), mayHelp)
      assert.ok(!page.text.includes('hunter2') && !/nowhere|OCI|runc/.test(page.text), 'the visitor reads the engine')

      const program = await lotan.request(tag)
      assert.equal(program.status, 502)
      assert.match(program.headers['content-type'] ?? '', /problem\+json/)
      const problem = JSON.parse(program.text) as Record<string, unknown>
      assert.deepEqual([problem.status, problem.tag, problem.state, problem.reason], [502, tag, 'failed', reason])
      assert.ok(!/hunter2|nowhere|OCI|runc/.test(program.text))

      const { json } = await lotan.api('GET', `/previews/${tag}`)
      assert.deepEqual([json.state, json.reason, json.container, json.slot], ['failed', reason, null, null])
      if (admin) assert.match(JSON.stringify(json), admin)
      const waited = await lotan.api('GET', `/previews/${tag}/wait?timeout=0`)
      assert.ok(waited.status === 502 || waited.status === 504)
    })

  test('leaves no container running', async () => {
    const tags = cases.map(({ tag }) => tag)
    const left = (await lotan.containers()).filter(
      ({ Labels, State }) => State === 'running' && tags.includes(Labels['lotan.tag'] ?? ''),
    )
    // Those that the waits above have started again.
    for (const { Labels } of left) assert.notEqual(lotan.store.get(Labels['lotan.tag']!)?.state, 'failed')
  })

  test('because there is no such tag is told so with 404, and makes no preview', async () => {
    const page = await lotan.click('pr-9999')
    assert.equal(page.status, 404)
    assert.match(plain(page.text), /No such container tag/)
    const program = await lotan.request('pr-9998')
    assert.equal(program.status, 404)
    assert.match(program.headers['content-type'] ?? '', /problem\+json/)
    assert.equal((await lotan.api('GET', '/previews/pr-9999')).status, 404)
  })

  test('is asked for again until it is pushed: wait', async () => {
    const waiting = lotan.api('GET', '/previews/pushed-late/wait?timeout=30')
    await lotan.request('pushed-late', { headers: { ...asBrowser, Prefer: 'wait=5' } })
    await publishSmall(`${registry.repository}:pushed-late`, 'late')
    const { status, json } = await waiting
    assert.deepEqual([status, json.state], [200, 'running'])
  })

  test('because the registry is down is pulled when it is back', async () => {
    await registry.stop()
    const failed = await lotan.click('away')
    assert.equal(failed.status, 502)
    assert.match(plain(failed.text), /The registry does not answer/)
    assert.equal((await lotan.api('GET', '/previews/away')).json.reason, 'registry-down')
    assert.equal((await lotan.request('fine')).status, 200)
    await registry.start()
    const retried = await lotan.request('away', {
      method: 'POST',
      path: '/.lotan/retry',
      headers: { 'Sec-Fetch-Site': 'same-origin' },
    })
    assert.equal(retried.status, 303)
    assert.equal((await lotan.click('away')).status, 200)
  })
})

describe('a preview that the engine or the registry refuses', { timeout: 300_000 }, () => {
  let registry: Registry
  let proxy: EngineProxy
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry({ login: true })
    for (const tag of ['private', 'large', 'unlucky', 'held'])
      await publishSmall(`${registry.repository}:${tag}`, tag, {}, login)
    proxy = await openEngineProxy()
    lotan = await startLotan({ repository: registry.repository, env: { DOCKER_HOST: `unix://${proxy.socket}` } })
  })
  after(async () => {
    await lotan?.stop()
    await proxy?.close()
    await registry?.close()
  })

  test('says so when the credentials are wrong, and is pulled once they are right', async () => {
    const failed = await lotan.click('private')
    assert.equal(failed.status, 502)
    assert.match(plain(failed.text), /private cannot be fetched/)
    assert.ok(!/basic auth|unauthorized/.test(failed.text))
    assert.equal((await lotan.api('GET', '/previews/private')).json.reason, 'credentials')

    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64')
    await fs.mkdir(lotan.config.dockerConfig, { recursive: true })
    await fs.writeFile(
      path.join(lotan.config.dockerConfig, 'config.json'),
      JSON.stringify({ auths: { [`127.0.0.1:${registry.port}`]: { auth } } }),
    )
    await lotan.api('POST', '/previews/private/start')
    assert.equal((await lotan.click('private')).status, 200)
  })

  test('says so when the disk is full', async () => {
    proxy.fail(/^POST \/images\/create/, 'write /var/lib/docker/tmp/GetImageBlob1: no space left on device')
    const failed = await lotan.click('large')
    proxy.heal()
    assert.equal(failed.status, 502)
    assert.match(plain(failed.text), /out of disk space/)
    assert.equal((await lotan.api('GET', '/previews/large')).json.reason, 'disk-full')
  })

  test('says so when the engine does not answer, and starts as soon as it is back', async () => {
    await proxy.goAway()
    const held = lotan.request('held', { path: '/' })
    const { status, text } = await until('the page says why', async () => {
      const page = await lotan.request('unlucky', { headers: asBrowser })
      return /engine/.test(page.text) && page
    })
    assert.equal(status, 503)
    assert.match(plain(text), /The container engine does not answer just now\. It starts when that is back/)
    await lotan.api('POST', '/previews', { tag: 'asked' })
    await lotan.untilState('asked', 'failed')
    assert.equal((await lotan.api('GET', '/previews/asked')).json.reason, 'engine-down')
    // What runs is not touched by it.
    assert.equal((await lotan.request('private')).status, 200)
    assert.equal((await lotan.ask({ host: lotan.domain, path: '/readyz' })).status, 503)
    // Longer than who listens to the engine takes to ask it as rarely as ever, and in the middle of the tries' rest.
    await until('the next try has failed', () => failures('unlucky') >= 2, { within: 60_000 })

    const waiting = await until('it rests until its next try', () => {
      const preview = lotan.store.get('unlucky')
      return preview?.state === 'queued' && preview
    })
    await proxy.comeBack()
    await until('all have begun', () => lotan.store.list().every((preview) => !waitsForEngine(preview)), { every: 5 })
    const begun = lotan.store.history('unlucky').find(({ state }) => state === 'pulling')
    assert.ok(begun!.at < waiting.notBefore, 'it waited for its next try')
    assert.equal((await held).status, 200)
    await lotan.untilState('unlucky', 'running')
    assert.ok(await engine.findImage(`${registry.repository}:unlucky`))
    const log = await lotan.output()
    for (const line of ['the engine does not answer; start it', 'the engine answers again'])
      assert.equal(log.split(line).length, 2, `it is said once: ${line}`)
  })

  const failures = (tag: string) => lotan.store.history(tag).filter(({ event }) => event === 'fail').length
})

/** What a page says, without its markup. */
function plain(html: string): string {
  return html
    .replace(/<(style|script)[^>]*>[^]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([.,])/g, '$1')
}
