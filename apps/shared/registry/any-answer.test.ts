/** A registry, and a token service, that answer with anything: each call ends in what it promises, or a RegistryError. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { answers } from '../../testing/arbitraries/json.ts'
import { anyText, headerText, nearTags } from '../../testing/arbitraries/texts.ts'
import { isArtifact, isTag } from '../tag.ts'
import { openRegistry, RegistryError } from './registry.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-any-answer-'))
const password = 'hunter2-of-the-tests'
const basic = Buffer.from(`user:${password}`).toString('base64')
const token = 'token-of-the-tests'
const digest = `sha256:${'ab'.repeat(32)}`

interface Scripted {
  status: number
  headers: Record<string, string>
  body: string
}

/** They are given in turn, again and again. */
let script: Scripted[] = []
let asked = 0
const server = http.createServer((_req, res) => {
  const { status, headers, body } = script[asked++ % script.length]!
  const own = Object.entries(headers).map(([name, value]) => [name, value.replaceAll('HERE', here())] as const)
  res.writeHead(status, Object.fromEntries(own)).end(body)
})
const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const auths = { [new URL(here()).host]: { auth: basic } }
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auths }))
})
after(() => {
  server.closeAllConnections()
  server.close()
  fs.rmSync(dir, { recursive: true })
})

const part = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 9 }
const templates = [
  { name: 'team/app', tags: ['red', 'blue', 'sha256-x', '1.9.5'] },
  { token },
  { access_token: token },
  { schemaVersion: 2, config: { ...part, mediaType: 'application/vnd.oci.image.config.v1+json' }, layers: [part, part] },
  { schemaVersion: 2, manifests: [{ ...part, platform: { os: 'linux', architecture: 'amd64' } }, { ...part, platform: {} }] },
  { rootfs: { type: 'layers', diff_ids: [digest] }, config: { Labels: { 'lotan.stack': 'services: {}', n: 'x' } } },
  { errors: [{ code: 'NAME_UNKNOWN', message: '' }] },
] // prettier-ignore
const lists = fc.array(nearTags, { maxLength: 30 }).map((tags) => JSON.stringify({ tags }))
const strangeTokens = anyText.map((text) => JSON.stringify({ token: token + text }))
/** No address of another machine: only one that is never asked. */
const addresses = fc.constantFrom('HERE/', 'HERE/v2/x', '/', '', '//', 'http://elsewhere.test/', 'ftp://localhost/', 'http://127.0.0.1:1/', 'http://[', 'HERE/\\', '?last=z') // prettier-ignore
const headers = fc.record(
  {
    link: fc.oneof(addresses.map((to) => `<${to}>; rel="next"`), anyText.map(headerText)),
    location: addresses,
    'www-authenticate': fc.oneof(
      { weight: 4, arbitrary: fc.constant('Bearer realm="HERE/token",service="x",scope="repository:team/app:pull"') },
      { weight: 1, arbitrary: addresses.map((realm) => `Bearer realm="${realm}"`) },
      { weight: 1, arbitrary: fc.constantFrom('Basic realm="x"', 'Basic, Bearer', 'Bearer') },
      { weight: 1, arbitrary: anyText.map(headerText) },
    ),
    'retry-after': fc.oneof(fc.constantFrom('0', '9'.repeat(400), '-1', 'Thu, 01 Jan 1970 00:00:00 GMT', 'x'), anyText.map(headerText)),
    'docker-content-digest': fc.oneof(fc.constant(digest), anyText.map(headerText)),
    'content-type': anyText.map(headerText),
  },
  { requiredKeys: [] },
) // prettier-ignore
const scripted: fc.Arbitrary<Scripted> = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant(200) },
    { weight: 2, arbitrary: fc.constantFrom(201, 301, 302, 307, 304, 400, 401, 401, 401, 403, 404, 418, 429, 500, 503) },
  ),
  headers,
  body: fc.oneof(fc.constantFrom(...templates).chain(answers), lists, strangeTokens),
}) // prettier-ignore

const isDigest = (text: unknown) => typeof text === 'string' && /^[\w+.-]{1,32}:[0-9a-zA-Z]{1,128}$/.test(text)
const isBytes = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const platform = { os: 'linux', architecture: 'amd64' }

type Registry = ReturnType<typeof openRegistry>

/** Each call, and what holds of its result. */
const calls: Record<string, (registry: Registry) => Promise<boolean>> = {
  async tags(registry) {
    const tags = await registry.tags()
    assert.deepEqual(tags, [...new Set(tags)].sort())
    return tags.every((tag) => isTag(tag) && !isArtifact(tag))
  },
  async digestOf(registry) {
    const found = await registry.digestOf('red', digest)
    return found === undefined || isDigest(found)
  },
  has: async (registry) => typeof (await registry.has('red')) === 'boolean',
  hasRepository: async (registry) => typeof (await registry.hasRepository()) === 'boolean',
  async pullable(registry) {
    const found = await registry.pullable('red', platform)
    return (
      !found ||
      (isDigest(found.digest) && found.sizes.every(isBytes) && found.layers.every(isDigest) && isDigest(found.config))
    )
  },
  async labels(registry) {
    const config = digest
    const found = await registry.labels({ digest, sizes: [], layers: [], config }, 'red')
    return Object.values(found).every((text) => typeof text === 'string')
  },
  async layers(registry) {
    const found = await registry.layers('red', platform)
    return !found || found.every(({ bytes, unpacked }) => isBytes(bytes) && (!unpacked || typeof unpacked === 'string'))
  },
}

const say = (...all: Partial<Scripted>[]) => all.map((one) => ({ status: 200, headers: {}, body: '', ...one }))
const wantsToken = { status: 401, headers: { 'www-authenticate': 'Bearer realm="HERE/token"' } }

test('whatever a registry answers, each call gives what it promises or a RegistryError, soon, and tells no secret', async (t) => {
  const seen: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(calls)),
      fc.array(scripted, { minLength: 1, maxLength: 5 }),
      async (name, answers) => {
        script = answers
        asked = 0
        const config = { repository: `${new URL(here()).host}/team/app`, dockerConfig: dir, awsRegion: null }
        try {
          assert.ok(await calls[name]!(openRegistry(config)))
          seen.fine = (seen.fine ?? 0) + 1
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error
          seen[error.code] = (seen[error.code] ?? 0) + 1
          for (const secret of [password, basic, token.slice(0, 9)])
            assert.ok(!error.message.includes(secret), `a secret is in the message: ${error.message}`)
          assert.ok(error.retryAfter === undefined || error.retryAfter > 0)
        }
        assert.ok(asked < 200, `${asked} requests`)
      },
    ),
    {
      numRuns: 250,
      examples: [
        // fetch repeats a header that it refuses, and the parser of JSON what it cannot read.
        ['tags', say(wantsToken, { body: JSON.stringify({ token: `${token}\n${token}` }) })],
        ['tags', say(wantsToken, { body: JSON.stringify({ token: `${token}é€` }) })],
        ['tags', say(wantsToken, { body: `{"token":${token}}` })],
        ['tags', say({ body: '{"tags":["red"]}' })],
        ['tags', say({ status: 404 })],
        ['pullable', say({ body: JSON.stringify(templates[3]) })],
        ['labels', say({ body: JSON.stringify(templates[5]) })],
        ['labels', say({ body: '{"config":{"Labels":{"lotan.stack":7}}}' })],
        ['layers', say({ body: JSON.stringify(templates[3]) }, { body: JSON.stringify(templates[5]) })],
      ],
    },
  )
  t.diagnostic(JSON.stringify(seen))
  for (const end of ['fine', 'registry-down', 'credentials', 'no-repository', 'bad-image'])
    assert.ok(seen[end], `no ${end}`)
})
