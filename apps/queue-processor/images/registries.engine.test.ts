/** Images from every kind of registry, down to a running container; each obstacle has a reason of its own. */
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import type http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { RegistryError } from '../../shared/registry/registry.ts'
import { makeCertificate } from '../../testing/harness/certificate.ts'
import { bridgeAddress, docker } from '../../testing/harness/docker.ts'
import { countQuestions } from '../../testing/registries/counting-proxy.ts'
import { accessKey, startEcr, type Ecr } from '../../testing/registries/ecr.ts'
import { writeHelper } from '../../testing/registries/credential-helper.ts'
import { openGate } from '../../testing/registries/throttle.ts'
import { buildOn, buildSmall, moveToRegistry } from '../../testing/images/build.ts'
import { publishSmall } from '../../testing/images/publish.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { assertForwards, noteProgress } from '../../testing/registries/progress.ts'
import { login, passwordHash, startImageRegistry, type Registry } from '../../testing/registries/image-registry.ts'
import { surroundings } from '../../testing/harness/surroundings.ts'
import { identity, startTokenService, type TokenService } from '../../testing/registries/token-service.ts'
import { until } from '../../testing/harness/until.ts'
import { uploadMany } from '../../testing/images/upload.ts'
import { openHarness, type Harness } from '../harness.ts'

const auth = (password = login.password) => Buffer.from(`${login.username}:${password}`).toString('base64')
const hostOf = (repository: string) => repository.split('/')[0]!

/** Writes the harness's `config.json`. */
async function configure(harness: Harness, config: object): Promise<void> {
  await fs.mkdir(harness.config.dockerConfig, { recursive: true })
  await fs.writeFile(path.join(harness.config.dockerConfig, 'config.json'), JSON.stringify(config))
}

/** Clicks a tag, or again one that has failed. */
async function click(harness: Harness, tag: string): Promise<void> {
  await harness.ask(tag, { type: 'start', by: 'retry' })
}

async function failure(harness: Harness, tag: string) {
  await click(harness, tag)
  return (await harness.untilState(tag, 'failed')).reason
}

async function comesUp(harness: Harness, tag: string): Promise<string> {
  await click(harness, tag)
  return (await harness.untilState(tag, 'running')).generation.container
}

/** What can be read by the engine alone. */
const unreached = () => Promise.reject(new RegistryError('tls', 'not trusted here', { isUnreached: true }))

async function push(registry: Registry, tags: string[]): Promise<void> {
  for (const tag of tags) await publishSmall(`${registry.repository}:${tag}`, tag, {}, login)
}

describe('a registry with a token service, as Docker Hub is', { timeout: 300_000 }, () => {
  let tokens: TokenService
  let registry: Registry
  let harness: Harness

  before(async () => {
    tokens = await startTokenService()
    registry = await startImageRegistry({ token: tokens.configuration })
    for (const tag of ['red', 'green', 'blue']) {
      await buildSmall(`${registry.repository}:${tag}`, tag)
      // The engine gets a token with this login.
      await moveToRegistry(`${registry.repository}:${tag}`, login)
    }
    const host = hostOf(registry.repository)
    for (const name of ['api', 'web']) {
      await buildSmall(`${host}/team/${name}:red`, name)
      await moveToRegistry(`${host}/team/${name}:red`, login)
    }
    harness = await openHarness(registry.repository, {
      LOTAN_REPOSITORIES: `api=${host}/team/api web=${host}/team/web`,
    })
    harness.startWorker()
  })
  after(async () => {
    await harness?.close()
    await registry?.close()
    await tokens?.close()
  })

  test('gives what is public without a login', async () => {
    tokens.isPublic = true
    await comesUp(harness, 'red')
    assert.ok(tokens.asked.includes('GET anonymous repository:todowrangler:pull'), tokens.asked.join('; '))
  })

  test('gives the rest with the right login only', async () => {
    tokens.isPublic = false
    const host = hostOf(registry.repository)
    assert.equal((await failure(harness, 'green')).code, 'credentials')
    await configure(harness, { auths: { [host]: { auth: auth('wrong') } } })
    assert.equal((await failure(harness, 'green')).code, 'credentials')
    await configure(harness, { auths: { [host]: { auth: auth() } } })
    await comesUp(harness, 'green')
    await configure(harness, { auths: { [host]: { identitytoken: identity } } })
    await comesUp(harness, 'blue')
    assert.ok(tokens.asked.includes('POST lotan repository:todowrangler:pull'), tokens.asked.join('; '))
  })

  test('gives each of two repositories to that one’s login alone', async () => {
    tokens.isPublic = false
    tokens.deployTokens = { 'team/api': 'key-of-api', 'team/web': 'key-of-web' }
    const host = hostOf(registry.repository)
    const loginOf = (name: string) => ({ username: name, password: tokens.deployTokens[name] })
    await configure(harness, { auths: { [host]: loginOf('team/web'), [`${host}/team/web`]: loginOf('team/api') } })
    assert.equal((await failure(harness, 'api/red')).code, 'credentials')
    assert.equal((await failure(harness, 'web/red')).code, 'credentials')
    tokens.asked.length = 0
    const auths = Object.fromEntries(['team/api', 'team/web'].map((name) => [`${host}/${name}`, loginOf(name)]))
    await configure(harness, { auths })
    await Promise.all([comesUp(harness, 'api/red'), comesUp(harness, 'web/red')])
    for (const name of ['team/api', 'team/web'])
      assert.deepEqual(
        [...new Set(tokens.asked.filter((line) => line.includes(`repository:${name}:`)))],
        [`GET ${name} repository:${name}:pull`],
      )
  })
})

describe('a login that is not in config.json', { timeout: 300_000 }, () => {
  let bin: string
  let registry: Registry
  let ecr: Ecr
  let harness: Harness
  let host: string
  const writeKey = (id: string) =>
    fs.writeFile(
      path.join(bin, 'aws'),
      `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${accessKey.secret}\n`,
    )

  before(async () => {
    bin = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-logins-'))
    registry = await startImageRegistry({ login: true })
    host = hostOf(registry.repository)
    await push(registry, ['red', 'green', 'blue', 'purple', 'black'])
    ecr = await startEcr(registry)
    await writeHelper(bin, 'safe', host, { Username: login.username, Secret: login.password })
    await writeKey(accessKey.id)
    harness = await openHarness(registry.repository, {
      PATH: `${bin}:${surroundings.PATH}`,
      AWS_SHARED_CREDENTIALS_FILE: path.join(bin, 'aws'),
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_ECR: ecr.endpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
    })
    // The programs and the SDK read the environment of the process.
    harness.startProcess()
  })
  after(async () => {
    await harness?.close()
    ecr?.close()
    await registry?.close()
    await fs.rm(bin, { recursive: true })
  })

  test('comes from a helper program; one that is not there is named', async () => {
    await configure(harness, { credsStore: 'lost' })
    const reason = await failure(harness, 'red')
    assert.deepEqual([reason.code, reason.program], ['helper-failed', 'docker-credential-lost'])
    await configure(harness, { credsStore: 'safe' })
    await comesUp(harness, 'red')
  })

  test('comes from AWS: for the wrong key it says so, and with the right one a container runs that knows nothing of it', async () => {
    await configure(harness, { credHelpers: { [host]: 'ecr-login' } })
    await writeKey('AKIANOBODY')
    const { code, detail } = await failure(harness, 'green')
    assert.equal(code, 'aws-credentials')
    assert.match(detail, /UnrecognizedClientException/)
    await writeKey(accessKey.id)
    const container = await comesUp(harness, 'green')
    assert.equal(ecr.given.length, 1)
    const { Config } = await docker<{ Config: { Env: string[] } }>('GET', `/containers/${container}/json`)
    assert.deepEqual(
      Config.Env.filter((line) => /AWS|token-/.test(line)),
      [],
    )
  })

  test('is kept, renewed once when AWS’s token has ended early, and the pull goes on', async () => {
    await comesUp(harness, 'blue')
    assert.equal(ecr.given.length, 1, 'kept')
    await ecr.endTokens()
    await comesUp(harness, 'purple')
    assert.equal(ecr.given.length, 2, 'renewed once')
  })

  test('says that a token has ended where it cannot be renewed', async () => {
    await ecr.endTokens()
    ecr.refusal = 'ExpiredTokenException'
    assert.equal((await failure(harness, 'black')).code, 'token-expired')
    ecr.refusal = undefined
    await comesUp(harness, 'black')
    assert.equal(ecr.given.length, 3)
  })
})

test('a pull that is refused is tried once more, with a newer login alone', { timeout: 300_000 }, async (t) => {
  const registry = await startImageRegistry({ login: true })
  t.after(() => registry.close())
  await push(registry, ['red', 'green'])
  const harness = await openHarness(registry.repository)
  t.after(() => harness.close())
  const asked: (string | undefined)[] = []
  const old = { ...login, password: 'old' }
  let newer: typeof login | undefined
  const { registryOf } = harness.deps
  harness.deps.registryOf = (id) => ({
    ...registryOf(id),
    pullable: unreached,
    authFor: (_, refused) => {
      asked.push(refused && 'password' in refused ? refused.password : undefined)
      return Promise.resolve(refused ? newer : old)
    },
  })
  harness.startWorker()
  assert.equal((await failure(harness, 'red')).code, 'credentials')
  newer = { ...login, password: 'wrong too' }
  assert.equal((await failure(harness, 'red')).code, 'credentials')
  newer = login
  await comesUp(harness, 'red')
  assert.deepEqual(asked, [undefined, 'old', undefined, 'old', undefined, 'old'])
})

test(
  'a login that ends in the middle of a pull: the newer one goes on with it, and what was told is not taken back',
  {
    timeout: 60_000,
  },
  async (t) => {
    const registry = await startImageRegistry({ login: true })
    t.after(() => registry.close())
    const at = `${registry.repository}:big`
    // The engine fetches three layers at once: the others are asked for when the login has ended.
    await buildSmall(at, 'big', { ballast: 800 })
    for (let i = 0; i < 3; i++) await buildOn(at, at, { ballast: 800 })
    await moveToRegistry(at, login)
    const gate = await openGate(registry.port)
    t.after(() => gate.close())
    const harness = await openHarness(`127.0.0.1:${gate.port}/todowrangler`)
    t.after(() => harness.close())
    const old = { ...login, username: 'guest' }
    const given: string[] = []
    const { registryOf } = harness.deps
    harness.deps.registryOf = (id) => ({
      ...registryOf(id),
      pullable: unreached,
      authFor: (_, refused) => {
        const next = refused ? login : old
        given.push(next.username)
        return Promise.resolve(next)
      },
    })
    await registry.admit([`guest:${passwordHash}`])
    gate.narrow(100_000)
    harness.startWorker()
    const told = noteProgress(harness.store, 'big')
    const trickles = (what: string, fact: () => boolean) =>
      until(what, () => (gate.trickle(100_000), fact()), { within: 60_000, every: 100 })
    try {
      await harness.click('big')
      await trickles('the pull is on its way', () => told.seen.some(({ bytes }) => bytes > 600_000))
      await registry.admit([])
      await trickles('the newer login is asked for', () => given.length > 1)
      const before = told.seen.length
      await trickles('it runs', () => harness.state('big') === 'running')
      assert.deepEqual(given, ['guest', 'lotan'])
      assert.ok(told.seen.length > before, 'the second try told of nothing')
      assertForwards(told.seen)
    } finally {
      told.stop()
    }
  },
)

describe('a registry that cannot be pulled from', { timeout: 300_000 }, () => {
  /** How a click on a repository fails. */
  async function reasonAt(repository: string): Promise<string> {
    const harness = await openHarness(repository)
    try {
      harness.startWorker()
      return (await failure(harness, 'red')).code
    } finally {
      await harness.close()
    }
  }

  test('says why: it is away, is not trusted, speaks no TLS, or has no such repository', async (t) => {
    const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-tls-'))
    const address = await bridgeAddress()
    const trustless = await startImageRegistry({ tls: await makeCertificate(dir, address), address })
    const plain = await startImageRegistry({ address })
    const empty = await startImageRegistry()
    t.after(async () => {
      for (const registry of [trustless, plain, empty]) await registry.close()
      await fs.rm(dir, { recursive: true })
    })
    assert.equal(await reasonAt(`127.0.0.1:${await freePort()}/todowrangler`), 'registry-down')
    assert.equal(await reasonAt(trustless.repository), 'tls')
    assert.equal(await reasonAt(plain.repository), 'tls')
    assert.equal(await reasonAt(empty.repository), 'no-repository')
  })
})

describe('a registry that cannot be trusted', { timeout: 300_000 }, () => {
  const isEngine = ({ headers }: Pick<http.IncomingMessage, 'headers'>) =>
    headers['user-agent']?.startsWith('docker/') ?? false
  let registry: Registry
  let at: string

  before(async () => {
    registry = await startImageRegistry()
    at = `localhost:${registry.port}/todowrangler`
    for (const [tag, ballast] of [
      ['red', 0],
      ['big', 3_000],
    ] as const) {
      // prettier-ignore
      await buildSmall(`${at}:${tag}`, tag, { ballast })
      await moveToRegistry(`${at}:${tag}`)
    }
  })
  after(() => registry?.close())

  /** A harness whose registry answers as `instead` says. */
  async function hostile(t: TestContext, instead?: Parameters<typeof countQuestions>[1], env = {}, waits = {}) {
    const counted = await countQuestions(registry.port, instead)
    const gate = await openGate(counted.port)
    const harness = await openHarness(`127.0.0.1:${gate.port}/todowrangler`, env, waits)
    t.after(async () => {
      await gate.close()
      counted.close()
      await harness.close()
    })
    harness.startWorker()
    return { harness, gate, byEngine: () => counted.asked.filter(isEngine) }
  }

  test('cannot have another image for the engine: it is told the digest that Lotan has read', async (t) => {
    const { harness, byEngine } = await hostile(t, (req) =>
      isEngine(req) && req.url!.endsWith('/manifests/red') ? 500 : undefined,
    )
    await comesUp(harness, 'red')
    const { image } = harness.store.get('red')!
    const asked = byEngine().filter(({ path }) => path.includes('/manifests/'))
    assert.deepEqual([...new Set(asked.map(({ path }) => path.split('/').at(-1)))], [image!.digest])
    const at = `${harness.config.repositories[0]!.reference}:red`
    assert.deepEqual(await harness.engine.namesOf(image!.id), [at])
    assert.equal((await harness.engine.findImage(at))!.digest, image!.digest)
    await harness.ask('red', { type: 'remove' })
    await until('it is gone', () => harness.store.get('red') === undefined)
    assert.equal(await harness.engine.findImage(image!.id), undefined)
  })

  test('has its 20 000 layers refused before the engine hears of them, and others are served meanwhile', async (t) => {
    const { harness, byEngine } = await hostile(t)
    await uploadMany(at, 'endless', 20_000)
    const began = performance.now()
    const [reason] = await Promise.all([failure(harness, 'endless'), comesUp(harness, 'red')])
    t.diagnostic(`refused after ${Math.round(performance.now() - began)} ms at most`)
    assert.deepEqual(
      [reason.code, reason.detail],
      ['bad-image', 'endless: it has 20000 layers, and the engine takes 125 at most'],
    )
    assert.deepEqual(byEngine().filter(({ path }) => path.includes('endless')), []) // prettier-ignore
  })

  test('has its pull ended after LOTAN_PULL_TIMEOUT_MINUTES, though bytes trickle in', async (t) => {
    const { harness, gate } = await hostile(t, undefined, { LOTAN_PULL_TIMEOUT_MINUTES: '0.05' })
    gate.narrow(200_000)
    const trickling = setInterval(() => gate.trickle(20_000), 100)
    t.after(() => clearInterval(trickling))
    const { code, detail } = await failure(harness, 'big')
    assert.deepEqual([code, detail], ['too-slow', 'not done in 3 s, so it was given up'])
    clearInterval(trickling)
    gate.widen()
    await comesUp(harness, 'red')
  })

  test('that sends nothing of an image keeps no place for its layers once that pull is given up', async (t) => {
    let isSilent = true
    const { harness, byEngine } = await hostile(
      t,
      (req) => (isSilent && isEngine(req) && req.url!.includes('/blobs/') ? 'silence' : undefined),
      {},
      { stall: 6_000 },
    )
    assert.equal((await failure(harness, 'big')).code, 'stalled')
    const layers = byEngine().filter(({ status }) => status === 0)
    assert.ok(layers.length >= 3, 'the engine fetches three at a time')
    isSilent = false
    const began = performance.now()
    await comesUp(harness, 'red')
    t.diagnostic(`another one came up in ${Math.round(performance.now() - began)} ms`)
  })

  test('is not pulled from where it breaks off what Lotan reads, nor where it is no answer', async (t) => {
    const { harness, byEngine } = await hostile(t, (req) =>
      !isEngine(req) && req.url!.includes('/manifests/') ? 500 : undefined,
    )
    harness.store.offer('', [{ tag: 'red', digest: null }])
    assert.equal((await failure(harness, 'red')).code, 'registry-down')
    assert.deepEqual(byEngine(), [])
  })
})

describe('a tag that the registry’s list does not have', { timeout: 300_000 }, () => {
  const isLook = ({ method, headers }: http.IncomingMessage) =>
    method === 'HEAD' && !headers['user-agent']?.startsWith('docker/')

  /** A harness whose registry answers Lotan with this status, and the engine as usual. */
  async function lookingAt(t: TestContext, status?: number) {
    const registry = await startImageRegistry()
    const counted = await countQuestions(registry.port, (req) => (isLook(req) ? status : undefined))
    const repository = `127.0.0.1:${counted.port}/todowrangler`
    await publishSmall(`${repository}:red`, 'red')
    const harness = await openHarness(repository)
    harness.startWorker()
    t.after(async () => {
      await harness.close()
      counted.close()
      await registry.close()
    })
    const from = counted.asked.length
    return { harness, asked: () => counted.asked.slice(from).map(({ method, path }) => `${method} ${path}`) }
  }
  const look = (tag: string) => `HEAD /v2/todowrangler/manifests/${tag}`

  test('is asked about once before it is pulled; one that is not there never is', async (t) => {
    const { harness, asked } = await lookingAt(t)
    await comesUp(harness, 'red')
    assert.equal(asked()[0], look('red'))
    const from = asked().length
    await click(harness, 'nonesuch')
    await until('it is known to be missing', () => harness.store.missing('nonesuch'))
    assert.deepEqual(asked().slice(from), [look('nonesuch'), 'GET /v2/todowrangler/tags/list?n=1'])
    await click(harness, 'nonesuch-2')
    await until('it is known to be missing', () => harness.store.missing('nonesuch-2'))
    assert.deepEqual(asked().slice(from + 2), [look('nonesuch-2')])
  })

  test('is not asked about where the list has it', async (t) => {
    const { harness, asked } = await lookingAt(t)
    harness.store.offer('', [{ tag: 'red', digest: null }])
    await comesUp(harness, 'red')
    // What comes first is read for the pull.
    assert.equal(asked()[0], 'GET /v2/todowrangler/manifests/red')
    assert.ok(!asked().includes(look('red')), asked().join('; '))
  })

  test('is left to the engine’s pull where the registry answers the engine alone', async (t) => {
    const { harness } = await lookingAt(t, 500)
    await comesUp(harness, 'red')
  })

  test('is not pulled from a registry that has been asked too often', async (t) => {
    const { harness, asked } = await lookingAt(t, 429)
    assert.equal((await failure(harness, 'red')).code, 'rate-limited')
    assert.deepEqual(asked(), [look('red')])
  })
})
