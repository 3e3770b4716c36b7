import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { freePort } from '../testing/ports.ts'
import { login, startRegistry, type Registry } from '../testing/registry.ts'
import { splitReference } from './logins.ts'
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
  assert.deepEqual(await openRegistry({ repository: open.repository, dockerConfig: dir }).tags(), [...tags].sort())
})

test('a repository that is not there is missing', async () => {
  const registry = openRegistry({ repository: `127.0.0.1:${open.port}/nobody/here`, dockerConfig: dir })
  await assert.rejects(registry.tags(), failsWith('missing', /404/))
})

test('a registry that is down says so', async () => {
  const registry = openRegistry({ repository: `127.0.0.1:${await freePort()}/app`, dockerConfig: dir })
  await assert.rejects(registry.tags(), failsWith('registry-down', /127\.0\.0\.1:\d+: .*ECONNREFUSED/))
})

test('the login of config.json opens a registry, a wrong one or none does not', async () => {
  const { repository } = closed
  const host = repository.split('/')[0]!
  const auth = base64(`${login.username}:${login.password}`)
  await push(repository, ['red'], { authorization: `Basic ${auth}` })
  const tags = (auths: unknown) => openRegistry({ repository, dockerConfig: logins(auths) }).tags()

  assert.deepEqual(await tags({ [host]: { auth } }), ['red'])
  assert.deepEqual(await tags({ [`http://${host}/v1/`]: login }), ['red'])
  await assert.rejects(tags({ [host]: { auth: base64('lotan:wrong') } }), failsWith('credentials', /401/))
  await assert.rejects(tags({ 'other.example.com': { auth } }), failsWith('credentials'))
  await assert.rejects(tags({}), failsWith('credentials'))
  await assert.rejects(tags('{"auths":'), failsWith('credentials', /config\.json cannot be read/))
})

test('a login made while Lotan runs is used at once', async () => {
  const dockerConfig = logins({})
  const registry = openRegistry({ repository: closed.repository, dockerConfig })
  await assert.rejects(registry.tags(), failsWith('credentials'))
  const auths = { [closed.repository.split('/')[0]!]: login }
  fs.writeFileSync(path.join(dockerConfig, 'config.json'), JSON.stringify({ auths }))
  assert.deepEqual(await registry.tags(), ['red'])
})

test('the engine gets the login of the registry that a reference names', () => {
  const dockerConfig = logins({
    'https://index.docker.io/v1/': { auth: base64('hub:pass:word\0\0') },
    'registry.example.com:5000': { username: 'me', password: 'secret' },
    'empty.example.com': {},
  })
  const { authFor } = openRegistry({ repository: 'app', dockerConfig })
  const hub = { username: 'hub', password: 'pass:word', serveraddress: 'https://index.docker.io/v1/' }
  assert.deepEqual(authFor('nginx:1.27'), hub)
  assert.deepEqual(authFor('docker.io/team/app:x'), hub)
  assert.deepEqual(authFor('registry.example.com:5000/app:x'), {
    username: 'me',
    password: 'secret',
    serveraddress: 'registry.example.com:5000',
  })
  assert.equal(authFor('registry.example.com/app:x'), undefined)
  assert.equal(authFor('empty.example.com/app:x'), undefined)
  assert.equal(openRegistry({ repository: 'app', dockerConfig: '/nowhere' }).authFor('nginx'), undefined)
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
  const registry = openRegistry({ repository: `${host}/team/app`, dockerConfig: logins({ [host]: login }) })
  assert.deepEqual(await registry.tags(), ['red'])
  assert.deepEqual(await registry.tags(), ['red'])
  const one = `Basic ${base64('lotan:open-sesame')} /token?service=hub&scope=repository%3Ateam%2Fapp%3Apull`
  assert.deepEqual(asked, [one])
  token = 'second'
  assert.deepEqual(await registry.tags(), ['red'])
  assert.deepEqual(asked, [one, one])
})

test('a login is not sent where it could be read on the way, nor to another registry', async (t) => {
  const unsafe = await serve(t, (_, res) =>
    res.writeHead(401, { 'www-authenticate': 'Bearer realm="http://tokens.example.com/"' }).end(),
  )
  const registry = openRegistry({ repository: `${unsafe}/app`, dockerConfig: logins({ [unsafe]: login }) })
  await assert.rejects(registry.tags(), failsWith('credentials', /no safe place/))

  let visits = 0
  const elsewhere = await serve(t, (_, res) => {
    visits++
    res.end('{}')
  })
  const host = await serve(t, (_, res) =>
    res.setHeader('link', `<http://${elsewhere}/v2/app/tags/list>; rel="next"`).end('{"tags":["red"]}'),
  )
  assert.deepEqual(await openRegistry({ repository: `${host}/app`, dockerConfig: dir }).tags(), ['red'])
  assert.equal(visits, 0)
})

test('what else a registry answers has its own reason', async (t) => {
  let visits = 0
  const host = await serve(t, (req, res) => {
    const [, , kind] = req.url!.split('/')
    visits++
    if (kind === 'loop') res.setHeader('link', `<${req.url}>; rel="next"`).end('{"tags":["red"]}')
    else if (kind === 'text') res.end('<html>')
    else if (kind === 'none') res.end('{"tags":null}')
    else res.writeHead(Number(kind)).end('{}')
  })
  const tags = (kind: string) => openRegistry({ repository: `${host}/${kind}`, dockerConfig: dir }).tags()
  await assert.rejects(tags('403'), failsWith('credentials'))
  await assert.rejects(tags('429'), failsWith('rate-limited'))
  await assert.rejects(tags('500'), failsWith('registry-down', /500/))
  await assert.rejects(tags('text'), failsWith('registry-down'))
  assert.deepEqual(await tags('none'), [])
  visits = 0
  assert.deepEqual(await tags('loop'), ['red'])
  assert.equal(visits, 100)
})
