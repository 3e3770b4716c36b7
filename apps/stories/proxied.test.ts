/** Behind another proxy: what it says of the client is believed where it is trusted, and nobody else's word is. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { identityHeaders } from '../lotan/nginx/identity-headers.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { buildApp } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

const DOMAIN = 'previews.lotan.localhost'
/** Both are this machine's. */
const TRUSTED = '127.0.0.9'
const STRANGER = '127.0.0.8'

describe('behind a proxy', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan

  before(async () => {
    registry = await startImageRegistry()
    await buildApp(`${registry.repository}:app`)
    lotan = await startLotan({
      repository: registry.repository,
      env: {
        TL_DOMAIN: DOMAIN,
        LOTAN_PUBLIC_URL: `https://${DOMAIN}`,
        LOTAN_HSTS_SECONDS: '600',
        LOTAN_TRUSTED_PROXIES: `10.9.0.0/16, ${TRUSTED}, fd00::/8`,
      },
    })
  })
  after(async () => {
    await lotan?.stop()
    await registry?.close()
  })

  /** What the application is told of a client that comes by this address. */
  async function toldBy(address: string, headers: http.OutgoingHttpHeaders = {}) {
    const agent = new http.Agent({ localAddress: address })
    const { text } = await lotan.request('app', { headers, agent })
    const { rawHeaders } = JSON.parse(text) as { rawHeaders: string[] }
    const at = (name: string) =>
      rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name).join()
    return ['x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-host'].map(at)
  }
  const forwarded = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Port': '8080' }
  const host = () => lotan.host('app')

  test('that is trusted, client, scheme and port are what it says', async () => {
    assert.deepEqual(await toldBy(TRUSTED, forwarded), ['203.0.113.7', '203.0.113.7', 'http', '8080', host()])
  })

  test('of a chain, the first address that is no proxy’s is the client', async () => {
    const chain = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7, 10.9.3.3', 'X-Forwarded-Proto': 'https' }
    assert.deepEqual(await toldBy(TRUSTED, chain), ['203.0.113.7', '203.0.113.7', 'https', '443', host()])
  })

  test('that is a stranger, nothing it says counts', async () => {
    const told = await toldBy(STRANGER, {
      ...forwarded,
      'X-Forwarded-Host': 'evil.example.com',
      'X-Real-IP': '1.2.3.4',
    })
    assert.deepEqual(told, [STRANGER, STRANGER, 'https', '443', host()])
  })

  test('that is trusted and says nothing, or nonsense, the public address counts', async () => {
    assert.deepEqual(await toldBy(TRUSTED), [TRUSTED, TRUSTED, 'https', '443', host()])
    const nonsense = { 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Port': 'eighty' }
    assert.deepEqual(await toldBy(TRUSTED, nonsense), [TRUSTED, TRUSTED, 'https', '443', host()])
  })

  test('what else it says of the client passes where it is trusted, and a stranger’s word does not', async () => {
    const at = async (address: string) => {
      const agent = new http.Agent({ localAddress: address })
      const said = Object.fromEntries(identityHeaders.map((name) => [name, `${name}'s`]))
      const { text } = await lotan.request('app', {
        headers: { ...said, Proxy: 'evil', 'X-Forwarded_For': 'evil' },
        agent,
      })
      const { rawHeaders } = JSON.parse(text) as { rawHeaders: string[] }
      return rawHeaders.filter((value) => value.endsWith("'s") || value === 'evil')
    }
    assert.deepEqual(
      await at(TRUSTED),
      identityHeaders.map((name) => `${name}'s`),
    )
    assert.deepEqual(await at(STRANGER), [])
  })

  test('redirects to the container’s port lead to where visitors came', async () => {
    const location = async (headers: http.OutgoingHttpHeaders) => {
      const agent = new http.Agent({ localAddress: TRUSTED })
      const path = `/answer?status=302&h=${encodeURIComponent(`Location:http://app.${DOMAIN}:80/docs/`)}`
      return (await lotan.request('app', { path, headers, agent })).headers.location
    }
    assert.equal(await location({}), `https://app.${DOMAIN}/docs/`)
    assert.equal(await location(forwarded), `http://app.${DOMAIN}:8080/docs/`)
    assert.equal(
      await location({ 'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '8443' }),
      `https://app.${DOMAIN}:8443/docs/`,
    )
  })

  test('browsers are told to keep to HTTPS where it is the proxy that has it, and only there', async () => {
    const told = async (headers: http.OutgoingHttpHeaders) => {
      const agent = new http.Agent({ localAddress: TRUSTED })
      const answers = [
        await lotan.request('app', { headers, agent }),
        await lotan.ask({ host: DOMAIN, path: '/login', headers, agent }),
      ]
      return answers.map((answer) => answer.headers['strict-transport-security'])
    }
    assert.deepEqual(await told({ 'X-Forwarded-Proto': 'https' }), ['max-age=600', 'max-age=600'])
    assert.deepEqual(await told({ 'X-Forwarded-Proto': 'http' }), [undefined, undefined])
  })

  test('pages and API link to the public address, and the login cookie is for TLS', async () => {
    const { json } = await lotan.api<{ url: string }>('GET', '/previews/app')
    assert.equal(json.url, `https://app.${DOMAIN}`)
    const login = await lotan.ask({ host: DOMAIN, path: `/login?token=${lotan.token}` })
    assert.match(String(login.headers['set-cookie']), /^__Host-lotan=.*; Secure/)
    const page = await lotan.ask({
      host: DOMAIN,
      headers: { Cookie: String(login.headers['set-cookie']).split(';')[0]! },
    })
    assert.match(page.text, new RegExp(`href="https://app\\.${DOMAIN.replaceAll('.', '\\.')}/"`))
  })
})
