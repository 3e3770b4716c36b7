import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { makeCertificate } from '../../testing/harness/certificate.ts'
import { countQuestions } from '../../testing/registries/counting-proxy.ts'
import { addressBesideLoopback, freePort } from '../../testing/harness/ports.ts'
import { login, startRegistry, type Registry } from '../../testing/registries/registry.ts'
import { until } from '../../testing/harness/until.ts'
import { splitReference } from './docker-config.ts'
import { openRegistry, RegistryError } from './registry.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-logins-'))
let open: Registry
let closed: Registry

before(async () => {
  open = await startRegistry()
  closed = await startRegistry({ login: true })
})
after(async () => {
  await open.close()
  await closed.close()
  fs.rmSync(dir, { recursive: true })
})

/** A directory with a `config.json` of these logins. */
function logins(auths: unknown): string {
  const made = fs.mkdtempSync(path.join(dir, 'docker-'))
  fs.writeFileSync(path.join(made, 'config.json'), typeof auths === 'string' ? auths : JSON.stringify({ auths }))
  return made
}

const registryOf = (config: { repository: string; dockerConfig: string }) =>
  openRegistry({ ...config, awsRegion: null })

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Pushes one empty image under many tags, as `docker push` would, without an engine. */
async function push(repository: string, tags: string[], headers: Record<string, string> = {}) {
  const [host, name] = repository.split('/')
  const url = (rest: string) => `http://${host}/v2/${name}/${rest}`
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`
  const begun = await fetch(url('blobs/uploads/'), { method: 'POST', headers })
  const upload = new URL(begun.headers.get('location')!, `http://${host}`)
  upload.searchParams.set('digest', digest)
  const type = 'application/octet-stream'
  const put = await fetch(upload, { method: 'PUT', body: config, headers: { ...headers, 'content-type': type } })
  assert.equal(put.status, 201)
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest },
    layers: [],
  })
  const left = [...tags]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let tag = left.pop(); tag !== undefined; tag = left.pop()) {
        const answer = await fetch(url(`manifests/${tag}`), {
          method: 'PUT',
          body: manifest,
          headers: { ...headers, 'content-type': 'application/vnd.docker.distribution.manifest.v2+json' },
        })
        assert.equal(answer.status, 201)
        await answer.body?.cancel()
      }
    }),
  )
}

/** A server that answers as told, for what the real registry cannot be brought to say. */
async function serve(t: { after: (end: () => void) => void }, answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const failsWith = (code: string, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RegistryError, String(error))
  assert.equal(error.code, code)
  if (message) assert.match(error.message, message)
  return true
}

test('the tags of a repository are listed by name, over all its pages', async () => {
  const tags = ['red', 'pr-3001', 'Main', '1.9.5', ...Array.from({ length: 1_000 }, (_, i) => `n${i}`)]
  await push(open.repository, tags)
  assert.deepEqual(await registryOf({ repository: open.repository, dockerConfig: dir }).tags(), [...tags].sort())
})

test('ten thousand tags and more are listed, at once and over pages of a hundred', async (t) => {
  const more = Array.from({ length: 10_500 }, (_, i) => `many-${i}`)
  const registry = await startRegistry()
  t.after(() => registry.close())
  await push(registry.repository, ['red'])
  registry.multiply('red', more)
  const all = ['red', ...more].sort()
  assert.deepEqual(await registryOf({ repository: registry.repository, dockerConfig: dir }).tags(), all)

  // This registry gives everything at once. Most give pages, as small as they like.
  let asked = 0
  const pages = await serve(t, (req, res) => {
    asked++
    const last = new URL(req.url!, 'http://x').searchParams.get('last')
    const page = all.slice(last === null ? 0 : all.indexOf(last) + 1).slice(0, 100)
    const next = `</v2/todowrangler/tags/list?n=100&last=${page.at(-1)}>; rel="next"`
    if (page.at(-1) !== all.at(-1)) res.setHeader('Link', next)
    res.end(JSON.stringify({ name: 'todowrangler', tags: page }))
  })
  assert.deepEqual(await registryOf({ repository: `${pages}/todowrangler`, dockerConfig: dir }).tags(), all)
  assert.equal(asked, Math.ceil(all.length / 100))
})

test('a repository that is not there is told from one that is', async (t) => {
  const nowhere = registryOf({ repository: `127.0.0.1:${open.port}/nobody/here`, dockerConfig: dir })
  await assert.rejects(nowhere.tags(), failsWith('no-repository', /404/))
  assert.equal(await nowhere.hasRepository(), false)

  const there = registryOf({ repository: open.repository, dockerConfig: dir })
  await push(open.repository, ['red'])
  assert.equal(await there.hasRepository(), true)
  let visits = 0
  const silent = await serve(t, (_, res) => {
    visits++
    res.writeHead(404).end('<html>no list here</html>')
  })
  const unknown = registryOf({ repository: `${silent}/app`, dockerConfig: dir })
  assert.equal(await unknown.hasRepository(), true)
  // The answer is remembered, or every guessed tag would ask again.
  for (let i = 0; i < 100; i++) await unknown.hasRepository()
  assert.equal(visits, 1)
})

test('a registry that is not trusted says so: its own certificate, and no TLS at all', async (t) => {
  const home = fs.mkdtempSync(path.join(dir, 'tls-'))
  const address = addressBesideLoopback()
  const registry = await startRegistry({ tls: await makeCertificate(home, address), address })
  t.after(() => registry.close())
  const tags = (repository: string) => registryOf({ repository, dockerConfig: dir }).tags()
  await assert.rejects(tags(registry.repository), failsWith('tls', /self-signed/))
  const plain = await startRegistry({ address })
  t.after(() => plain.close())
  await assert.rejects(tags(plain.repository), failsWith('tls'))
})

test('a registry that has enough says for how long', async (t) => {
  let after = '7'
  const host = await serve(t, (_, res) => res.writeHead(429, after ? { 'Retry-After': after } : {}).end('{}'))
  const said = () =>
    registryOf({ repository: `${host}/app`, dockerConfig: dir })
      .tags()
      .catch((error: RegistryError) => [error.code, error.retryAfter])
  assert.deepEqual(await said(), ['rate-limited', 7_000])
  after = new Date(Date.now() + 60_000).toUTCString()
  const [, ms] = (await said()) as [string, number]
  assert.ok(ms > 50_000 && ms <= 60_000, String(ms))
  after = ''
  assert.deepEqual(await said(), ['rate-limited', undefined])
})

test('a registry that is down says so', async () => {
  const registry = registryOf({ repository: `127.0.0.1:${await freePort()}/app`, dockerConfig: dir })
  await assert.rejects(registry.tags(), failsWith('registry-down', /127\.0\.0\.1:\d+: .*ECONNREFUSED/))
})

test('the login of config.json opens a registry, a wrong one or none does not', async () => {
  const { repository } = closed
  const host = repository.split('/')[0]!
  const auth = base64(`${login.username}:${login.password}`)
  await push(repository, ['red'], { authorization: `Basic ${auth}` })
  const tags = (auths: unknown) => registryOf({ repository, dockerConfig: logins(auths) }).tags()

  assert.deepEqual(await tags({ [host]: { auth } }), ['red'])
  assert.deepEqual(await tags({ [`http://${host}/v1/`]: login }), ['red'])
  await assert.rejects(tags({ [host]: { auth: base64('lotan:wrong') } }), failsWith('credentials', /401/))
  await assert.rejects(tags({ 'other.example.com': { auth } }), failsWith('credentials'))
  await assert.rejects(tags({}), failsWith('credentials'))
  await assert.rejects(tags('{"auths":'), failsWith('credentials', /config\.json cannot be read/))
})

test('a login made while Lotan runs is used at once', async () => {
  const dockerConfig = logins({})
  const registry = registryOf({ repository: closed.repository, dockerConfig })
  await assert.rejects(registry.tags(), failsWith('credentials'))
  const auths = { [closed.repository.split('/')[0]!]: login }
  fs.writeFileSync(path.join(dockerConfig, 'config.json'), JSON.stringify({ auths }))
  assert.deepEqual(await registry.tags(), ['red'])
})

test('the engine gets the login of the registry that a reference names', async () => {
  const dockerConfig = logins({
    'https://index.docker.io/v1/': { auth: base64('hub:pass:word\0\0') },
    'registry.example.com:5000': { username: 'me', password: 'secret' },
    'empty.example.com': {},
    'token.example.com': { auth: base64('me:'), identitytoken: 'identity' },
  })
  const { authFor } = registryOf({ repository: 'app', dockerConfig })
  const hub = { username: 'hub', password: 'pass:word', serveraddress: 'https://index.docker.io/v1/' }
  assert.deepEqual(await authFor('nginx:1.27'), hub)
  assert.deepEqual(await authFor('docker.io/team/app:x'), hub)
  assert.deepEqual(await authFor('registry.example.com:5000/app:x'), {
    username: 'me',
    password: 'secret',
    serveraddress: 'registry.example.com:5000',
  })
  assert.equal(await authFor('registry.example.com/app:x'), undefined)
  assert.equal(await authFor('empty.example.com/app:x'), undefined)
  assert.deepEqual(await authFor('token.example.com/app:x'), {
    identitytoken: 'identity',
    serveraddress: 'token.example.com',
  })
  assert.equal(await authFor('nginx:1.27', hub), undefined, 'the same login, turned away already')
  assert.equal(await registryOf({ repository: 'app', dockerConfig: '/nowhere' }).authFor('nginx'), undefined)
})

test('a reference names a registry as it does for docker pull', () => {
  const table: [string, host: string, name: string][] = [
    ['nginx', 'docker.io', 'library/nginx'],
    ['nginx:1.27', 'docker.io', 'library/nginx'],
    ['team/app', 'docker.io', 'team/app'],
    ['docker.io/nginx', 'docker.io', 'library/nginx'],
    ['index.docker.io/team/app:x', 'docker.io', 'team/app'],
    ['localhost/app', 'localhost', 'app'],
    ['localhost:5000/app:x', 'localhost:5000', 'app'],
    ['registry.example.com/a/b/c@sha256:abc', 'registry.example.com', 'a/b/c'],
    ['[::1]:5000/app:x', '[::1]:5000', 'app'],
  ]
  for (const [reference, host, name] of table) assert.deepEqual(splitReference(reference), { host, name })
})

test('a token is fetched where the registry says, used again, and renewed when it is turned away', async (t) => {
  let token = 'first'
  const asked: string[] = []
  const realm = await serve(t, (req, res) => {
    asked.push(`${req.headers.authorization} ${req.url}`)
    res.end(JSON.stringify({ token }))
  })
  const host = await serve(t, (req, res) => {
    if (req.headers.authorization === `Bearer ${token}`) return res.end(JSON.stringify({ tags: ['red', '-bad', 7] }))
    const challenge = `Bearer realm="http://${realm}/token",service="hub",scope="repository:team/app:pull"`
    return res.writeHead(401, { 'www-authenticate': challenge }).end()
  })
  const registry = registryOf({ repository: `${host}/team/app`, dockerConfig: logins({ [host]: login }) })
  assert.deepEqual(await registry.tags(), ['red'])
  assert.deepEqual(await registry.tags(), ['red'])
  const one = `Basic ${base64('lotan:open-sesame')} /token?service=hub&scope=repository%3Ateam%2Fapp%3Apull`
  assert.deepEqual(asked, [one])
  token = 'second'
  assert.deepEqual(await registry.tags(), ['red'])
  assert.deepEqual(asked, [one, one])
})

test('a login that ends in the middle of a list is looked for anew, once, and the list goes on', async (t) => {
  const dockerConfig = logins({})
  const write = (password: string) =>
    fs.writeFileSync(
      path.join(dockerConfig, 'config.json'),
      JSON.stringify({ auths: { [host]: { auth: base64(`lotan:${password}`) } } }),
    )
  let right = 'first'
  const refused: string[] = []
  const host = await serve(t, (req, res) => {
    const said = Buffer.from((req.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    if (!said) return res.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    if (said !== `lotan:${right}`) {
      refused.push(said)
      // As ECR does for a token that has ended.
      return res.writeHead(403).end()
    }
    if (req.url!.includes('last=')) return res.end('{"tags":["two"]}')
    right = 'second'
    write(right)
    return res.setHeader('Link', '</v2/app/tags/list?last=one>; rel="next"').end('{"tags":["one"]}')
  })
  write('first')
  const registry = registryOf({ repository: `${host}/app`, dockerConfig })
  assert.deepEqual(await registry.tags(), ['one', 'two'])
  assert.deepEqual(refused, ['lotan:first'])
  right = 'another'
  await assert.rejects(registry.tags(), failsWith('credentials', /403/))
  assert.deepEqual(refused.slice(1), ['lotan:second'], 'the same login is not tried again')
})

test('a login is not sent where it could be read on the way, nor to another registry', async (t) => {
  const unsafe = await serve(t, (_, res) =>
    res.writeHead(401, { 'www-authenticate': 'Bearer realm="http://tokens.example.com/"' }).end(),
  )
  const registry = registryOf({ repository: `${unsafe}/app`, dockerConfig: logins({ [unsafe]: login }) })
  await assert.rejects(registry.tags(), failsWith('credentials', /no safe address/))

  let visits = 0
  const elsewhere = await serve(t, (_, res) => {
    visits++
    res.end('{}')
  })
  const host = await serve(t, (_, res) =>
    res.setHeader('link', `<http://${elsewhere}/v2/app/tags/list>; rel="next"`).end('{"tags":["red"]}'),
  )
  assert.deepEqual(await registryOf({ repository: `${host}/app`, dockerConfig: dir }).tags(), ['red'])
  assert.equal(visits, 0)
})

test('what else a registry answers has its own reason', async (t) => {
  let visits = 0
  const host = await serve(t, (req, res) => {
    const [, , kind] = req.url!.split('/')
    visits++
    if (kind === 'loop') res.setHeader('link', `<${req.url}>; rel="next"`).end('{"tags":["red"]}')
    else if (kind === 'endless') res.setHeader('link', `</v2/endless/${visits}>; rel="next"`).end('{"tags":["red"]}')
    else if (kind === 'growing')
      res.setHeader('link', `</v2/growing/${visits}>; rel="next"`).end(`{"tags":["t${visits}"]}`)
    else if (kind === 'text') res.end('<html>')
    else if (kind === 'none') res.end('{"tags":null}')
    else res.writeHead(Number(kind)).end('{}')
  })
  const tags = (kind: string) => registryOf({ repository: `${host}/${kind}`, dockerConfig: dir }).tags()
  await assert.rejects(tags('403'), failsWith('credentials'))
  await assert.rejects(tags('429'), failsWith('rate-limited'))
  await assert.rejects(tags('500'), failsWith('registry-down', /500/))
  await assert.rejects(tags('text'), failsWith('registry-down'))
  assert.deepEqual(await tags('none'), [])
  visits = 0
  assert.deepEqual(await tags('loop'), ['red'])
  assert.equal(visits, 1)
  assert.deepEqual(await tags('endless'), ['red'])
  assert.equal(visits, 3, 'a page that brings nothing new is the last one')
  visits = 0
  assert.equal((await tags('growing')).length, 1_000)
  assert.equal(visits, 1_000)
})

test('all tags are listed, however the registry says where its list goes on', async (t) => {
  const all = Array.from({ length: 25 }, (_, i) => `t${String(i).padStart(2, '0')}`)
  const links: Record<string, (next: string) => string | undefined> = {
    usual: (next) => `<${next}>; rel="next"`,
    scheme: (next) => `<https://127.0.0.1:1${next}>; rel="next"`,
    host: (next) => `<http://registry.invalid${next}>; rel="next"`,
    bare: (next) => `${next}; rel="next"`,
    capitals: (next) => `<${next}>; REL="Next"`,
    none: () => undefined,
  }
  const asked: string[] = []
  const host = await serve(t, (req, res) => {
    const url = new URL(req.url!, 'http://x')
    const kind = url.pathname.split('/')[2]!
    asked.push(url.search)
    // Ten a page, whatever was asked for.
    const last = url.searchParams.get('last') ?? ''
    const tags = all.filter((tag) => tag > last).slice(0, 10)
    const link = tags.at(-1) === all.at(-1) ? undefined : links[kind]!(`${url.pathname}?n=10&last=${tags.at(-1)}`)
    if (link) res.setHeader('Link', link)
    res.end(JSON.stringify({ tags }))
  })
  for (const kind of Object.keys(links))
    assert.deepEqual(await registryOf({ repository: `${host}/${kind}`, dockerConfig: dir }).tags(), all, kind)
  assert.deepEqual(asked.slice(-4), ['?n=1000', '?n=1000&last=t09', '?n=1000&last=t19', '?n=1000&last=t24'])
})

test('tags that belong to an image are no images: signatures, attestations, referrers', async (t) => {
  const name = `sha256-${'a'.repeat(64)}`
  const theirs = [name, `${name}.sig`, `${name}.att`, `${name}.sbom`]
  const host = await serve(t, (_, res) => res.end(JSON.stringify({ tags: [...theirs, `${name}.v2`, 'sha256-a'] })))
  const registry = registryOf({ repository: `${host}/app`, dockerConfig: dir })
  assert.deepEqual(await registry.tags(), ['sha256-a', `${name}.v2`])
})

describe('a hostile registry', () => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const MB = 1_000_000

  /** Sends as fast as it is read, for ever. @returns how much that was, bytes */
  async function endless(t: TestContext, beginning: string, piece: Buffer, headers: Record<string, string> = {}) {
    let sent = 0
    const host = await serve(t, (_, res) => {
      res.writeHead(200, headers).write(beginning)
      const send = () => {
        while (!res.destroyed && res.write(piece)) sent += piece.length
      }
      res.on('drain', send)
      send()
    })
    return { repository: `${host}/app`, sent: () => sent }
  }

  test('whose answers never end is not read on and on', async (t) => {
    const tags = Buffer.from(`${'"tag",'.repeat(10_000)}`)
    const list = await endless(t, '{"tags":[', tags)
    const before = process.memoryUsage.rss()
    await assert.rejects(
      registryOf({ ...list, dockerConfig: dir }).tags(),
      failsWith('registry-down', /more than 8 MB/),
    )
    const manifest = await endless(t, '{"layers":[', tags)
    const reading = registryOf({ ...manifest, dockerConfig: dir }).pullable('red', platform)
    await assert.rejects(reading, failsWith('registry-down', /more than 4.\d+ MB for the manifest of red/))
    const grown = process.memoryUsage.rss() - before
    t.diagnostic(`${list.sent() / MB} MB and ${manifest.sent() / MB} MB sent, ${Math.round(grown / MB)} MB more memory`)
    for (const { sent } of [list, manifest]) assert.ok(sent() < 30 * MB, `${sent()} bytes were taken`)
    assert.ok(grown < 150 * MB, `${grown} bytes of memory`)
  })

  test('whose answer is small as it is sent and large unpacked is read to the same limit', async (t) => {
    const bomb = gzipSync(Buffer.alloc(100 * MB, ' '))
    const host = await serve(t, (req, res) => {
      assert.equal(req.headers['accept-encoding'], 'identity')
      res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb)
    })
    const registry = registryOf({ repository: `${host}/app`, dockerConfig: dir })
    await assert.rejects(registry.tags(), failsWith('registry-down', /more than 8 MB/))
  })

  test('that sends a byte now and then is given up all the same', { timeout: 60_000 }, async (t) => {
    const host = await serve(t, (_, res) => {
      res.writeHead(200).write('{')
      const timer = setInterval(() => res.write(' '), 20)
      res.on('close', () => clearInterval(timer))
    })
    const registry = registryOf({ repository: `${host}/app`, dockerConfig: dir })
    await assert.rejects(registry.pullable('red', platform, AbortSignal.timeout(300)), failsWith('registry-down'))
  })

  test('that answers with no object, or with one of any depth, gets a reason', async (t) => {
    const bodies = ['null', '7', '"red"', '[]', '', '{"tags":', `{"tags":${'['.repeat(1_000_000)}`]
    let body = ''
    const host = await serve(t, (_, res) => res.end(body))
    for (body of bodies) {
      const registry = registryOf({ repository: `${host}/app`, dockerConfig: dir })
      await assert.rejects(registry.tags(), failsWith('registry-down'), body.slice(0, 20))
      await assert.rejects(registry.pullable('red', platform), failsWith('registry-down'), body.slice(0, 20))
    }
    body = `{"tags":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    assert.deepEqual(await registryOf({ repository: `${host}/app`, dockerConfig: dir }).tags(), [])
  })

  test('that leads elsewhere is followed a few times, to no unsafe place, and without the login', async (t) => {
    const seen: (string | undefined)[] = []
    const elsewhere = await serve(t, (req, res) => {
      seen.push(req.headers.authorization)
      res.end('{"tags":["red"]}')
    })
    const host = await serve(t, (req, res) => {
      if (!req.headers.authorization) return res.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      const [, , kind] = req.url!.split('/')
      const places: Record<string, string> = {
        near: `http://${elsewhere}/v2/near/tags/list`,
        far: 'http://storage.invalid/v2/far/tags/list',
        file: 'file:///etc/passwd',
        round: req.url!,
      }
      return res.writeHead(307, { Location: places[kind!] }).end()
    })
    const tags = (name: string) =>
      registryOf({ repository: `${host}/${name}`, dockerConfig: logins({ [host]: login }) }).tags()
    assert.deepEqual(await tags('near'), ['red'])
    assert.deepEqual([...new Set(seen)], [undefined])
    await assert.rejects(tags('far'), failsWith('registry-down', /not safe/))
    await assert.rejects(tags('file'), failsWith('registry-down', /not safe/))
    await assert.rejects(tags('round'), failsWith('registry-down', /without an end/))
  })
})

test('a digest that is known already is asked about with a condition, and need not be told again', async (t) => {
  const between = await countQuestions(open.port)
  t.after(() => between.close())
  await push(open.repository, ['conditional'])
  const registry = registryOf({ repository: `127.0.0.1:${between.port}/todowrangler`, dockerConfig: dir })
  const digest = await registry.digestOf('conditional')
  assert.match(digest!, /^sha256:[0-9a-f]{64}$/)
  assert.equal(await registry.digestOf('conditional', digest), digest)
  const other = `sha256:${'0'.repeat(64)}`
  assert.equal(await registry.digestOf('conditional', other), digest)
  assert.deepEqual(
    between.asked.map(({ method, headers, status }) => [method, headers['if-none-match'], status]),
    [
      ['HEAD', undefined, 200],
      ['HEAD', `"${digest}"`, 304],
      ['HEAD', `"${other}"`, 200],
    ],
  )
  assert.deepEqual([await registry.has('conditional'), await registry.has('nonesuch')], [true, false])
})

type Asked = ReturnType<typeof openRegistry>

test('a registry that wants to be left alone is not asked anything until then, whatever it was asked', async (t) => {
  const platform = { os: 'linux', architecture: 'amd64' }
  const questions = {
    digest: (registry: Asked) => registry.digestOf('red'),
    has: (registry: Asked) => registry.has('red'),
    tags: (registry: Asked) => registry.tags(),
    layers: (registry: Asked) => registry.layers('red', platform),
    pullable: (registry: Asked) => registry.pullable('red', platform),
  }
  for (const [first, question] of Object.entries(questions)) {
    let asked = 0
    const host = await serve(t, (_, res) => {
      if (++asked === 1) res.writeHead(429, { 'Retry-After': '1' }).end()
      else res.setHeader('Docker-Content-Digest', 'sha256:d').end('{"tags":[]}')
    })
    const registry = registryOf({ repository: `${host}/todowrangler`, dockerConfig: dir })
    await assert.rejects(question(registry), failsWith('rate-limited'), first)
    for (const other of Object.values(questions))
      await assert.rejects(other(registry), failsWith('rate-limited'), first)
    assert.equal(await registry.hasRepository(), true)
    assert.equal(asked, 1, first)
    await until('it may be asked again', () => registry.has('red').catch(() => false))
    assert.equal(asked, 2, first)
  }
})

test('who asks it later is told what is left of that', async (t) => {
  const host = await serve(t, (_, res) => res.writeHead(429, { 'Retry-After': '60' }).end())
  const registry = registryOf({ repository: `${host}/todowrangler`, dockerConfig: dir })
  const ask = () => registry.has('red').catch((error: RegistryError) => error)
  const first = (await ask()) as RegistryError
  await sleep(300)
  const later = (await ask()) as RegistryError
  assert.deepEqual([first.retryAfter, later.code, later.status], [60_000, first.code, 429])
  assert.match(later.message, /answered 429/)
  assert.ok(later.retryAfter! <= 59_750 && later.retryAfter! > 50_000, `${later.retryAfter} ms`)
})

test('a caller may set a shorter deadline', { timeout: 60_000 }, async (t) => {
  const host = await serve(t, () => {})
  const registry = registryOf({ repository: `${host}/todowrangler`, dockerConfig: dir })
  await assert.rejects(registry.digestOf('red', undefined, AbortSignal.timeout(200)), failsWith('registry-down'))
})

test('nor is one whose token service asks to be left alone', async (t) => {
  let asked = 0
  const realm = await serve(t, (_, res) => {
    asked++
    res.writeHead(429, { 'Retry-After': '60' }).end()
  })
  const host = await serve(t, (_, res) => {
    asked++
    res.writeHead(401, { 'www-authenticate': `Bearer realm="http://${realm}/token"` }).end()
  })
  const registry = registryOf({ repository: `${host}/todowrangler`, dockerConfig: dir })
  await assert.rejects(registry.tags(), failsWith('rate-limited'))
  await assert.rejects(registry.digestOf('red'), failsWith('rate-limited'))
  assert.equal(asked, 2)
})
