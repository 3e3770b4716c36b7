/** Login by OpenID Connect: a real provider, a real browser, and the router behind a front that stands for nginx. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { SessionJson } from '../../shared/api/session.ts'
import { client, startLoginProvider } from '../../testing/clients/login-provider.ts'
import { goTo, openBrowser, type Browser, type Page } from '../../testing/harness/browser.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { bearer, openBed, type Bed } from './harness.ts'

const domain = 'lotan-login.localhost'
const accounts = {
  anna: { email: 'Anna@example.com', email_verified: true },
  reader: { email: 'reader@example.com', email_verified: true },
  unverified: { email: 'anna@example.com', email_verified: false },
  grouped: { groups: ['admins'] },
  stranger: { email: 'stranger@evil.example', email_verified: true, groups: ['group:admins'] },
}

let provider: Awaited<ReturnType<typeof startLoginProvider>>
let bed: Bed
let front: http.Server
let browser: Browser
let origin: string

before(async () => {
  const port = await freePort()
  origin = `http://${domain}:${port}`
  provider = await startLoginProvider(accounts, `${origin}/login/oidc`)
  bed = await openBed({
    TL_DOMAIN: domain,
    LOTAN_LISTEN: `127.0.0.1:${port}`,
    LOTAN_OIDC_ISSUER: provider.issuer,
    LOTAN_OIDC_CLIENT_ID: client.id,
    LOTAN_OIDC_CLIENT_SECRET: client.secret,
    LOTAN_OIDC_ADMINS: 'anna@example.com group:admins',
    LOTAN_OIDC_ALLOW: '@example.com',
  })
  front = http.createServer((req, res) => {
    const socketPath = path.join(bed.config.runDir, 'desk.sock')
    const headers = { ...req.headers, 'x-forwarded-for': '192.0.2.9', 'x-forwarded-proto': 'http' }
    const asked = http.request({ socketPath, path: req.url, method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    asked.on('error', () => res.destroy())
    req.pipe(asked)
  })
  front.listen(port, '127.0.0.1')
  await once(front, 'listening')
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  front?.closeAllConnections()
  front?.close()
  await provider?.close()
  await bed?.close()
})

/** Logs in from the page of `path`, in a browser of its own. */
async function logIn(name: string, path = '/'): Promise<{ page: Page; close: () => Promise<void> }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await goTo(page, origin + path)
  await page.getByRole('link', { name: 'Log in with your account' }).click()
  await page.getByRole('link', { name, exact: true }).click()
  return { page, close: () => context.close() }
}

const sessions = async () =>
  (await bed.ask('/api/v1/sessions', { headers: { ...bearer, Host: domain } })).json as SessionJson[]
const linesOf = (message: string) => bed.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message)

test('an admin comes back to where they were, and may all; logging out ends that', async () => {
  const { page, close } = await logIn('anna', '/?q=red')
  await page.getByLabel('Add a tag').waitFor()
  assert.equal(page.url(), `${origin}/?q=red`)
  const [session] = (await sessions()).filter(({ via }) => via === 'oidc')
  assert.deepEqual([session?.user, session?.can, session?.address], ['anna@example.com', 'admin', '192.0.2.9'])
  await page.getByLabel('Add a tag').fill('by-anna')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByText('by-anna').first().waitFor()
  assert.equal(bed.store.history('by-anna')[0]?.who, 'anna@example.com')
  assert.deepEqual(
    (await page.context().cookies())
      .filter(({ name }) => name.startsWith('lotan'))
      .map((cookie) => [cookie.name, cookie.httpOnly, cookie.sameSite]),
    [['lotan', true, 'Strict']],
  )
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('link', { name: 'Log in with your account' }).waitFor()
  assert.ok((await sessions()).every(({ via }) => via !== 'oidc'))
  await close()
})

test('a reader of previews is let in, and not to the admin page', async () => {
  const { page, close } = await logIn('reader')
  await page.getByText('You are logged in as reader@example.com, and may open previews').waitFor()
  const answer = await goTo(page, `${origin}/`)
  assert.equal(answer?.status(), 403)
  await page.getByText('who may open previews').waitFor()
  const status = await page.evaluate(async () => (await fetch('/api/v1/previews')).status)
  assert.equal(status, 403)
  const [session] = (await sessions()).filter(({ user }) => user === 'reader@example.com')
  assert.equal(session?.can, 'public')
  await close()
})

test('a group lets in without an address, and an address that is not verified does not count', async () => {
  const grouped = await logIn('grouped')
  await grouped.page.getByLabel('Add a tag').waitFor()
  assert.ok((await sessions()).some(({ user, can }) => user === 'oidc:grouped' && can === 'admin'))
  await grouped.close()
  const before = (await sessions()).length
  const unverified = await logIn('unverified')
  await unverified.page.getByText('has not verified an address of yours').waitFor()
  await unverified.close()
  assert.equal((await sessions()).length, before)
})

test('a stranger is told that they are on no list, and so is one who refuses at the provider', async () => {
  const before = (await sessions()).length
  const { page, close } = await logIn('stranger')
  await page.getByText('knows you as stranger@evil.example, who may not use this Lotan').waitFor()
  assert.equal((await goTo(page, `${origin}/`))?.status(), 401)
  await close()
  assert.equal(linesOf('login refused: in no list').at(-1).who, 'stranger@evil.example')
  const refusing = await logIn('refuse')
  await refusing.page.getByText('It says: access_denied.').waitFor()
  await refusing.close()
  assert.equal((await sessions()).length, before)
})

test('a way back that was not begun in this browser, or is tampered with, begins no session', async () => {
  const begun = await bed.ask('/login/oidc', { headers: { Host: domain, Referer: `http://${domain}//evil.example/` } })
  assert.equal(begun.status, 303)
  const to = new URL(begun.headers.location!)
  assert.equal(to.origin, provider.issuer)
  assert.equal(to.searchParams.get('redirect_uri'), `${origin}/login/oidc`)
  assert.equal(to.searchParams.get('code_challenge_method'), 'S256')
  const [set] = begun.headers['set-cookie']!
  assert.match(set!, /^lotan-login=[\w-]+(\.[\w-]+){3}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/)
  const Cookie = set!.split(';')[0]!
  const state = to.searchParams.get('state')!
  const cases: [what: string, query: string, cookie: string, status: number][] = [
    ['no cookie', `?state=${state}&code=x`, '', 400],
    ['another state', '?state=other&code=x', Cookie, 400],
    ['two states', `?state=${state}&state=${state}&code=x`, Cookie, 400],
    ['no state', '?code=x', Cookie, 303],
    ['a made-up code', `?state=${state}&code=made-up&iss=${encodeURIComponent(provider.issuer)}`, Cookie, 403],
    ['another issuer', `?state=${state}&code=x&iss=https://evil.example`, Cookie, 403],
    ['behind tossed cookies', `?state=${state}&code=x`, `lotan-login=a.b.c.d; lotan-login=; ${Cookie}`, 403],
  ]
  const before = (await sessions()).length
  for (const [what, query, cookie, status] of cases) {
    const answer = await bed.ask(`/login/oidc${query}`, { headers: { Host: domain, Cookie: cookie } })
    assert.equal(answer.status, status, what)
    assert.ok(!(answer.headers['set-cookie'] ?? []).some((one) => /^lotan=./.test(one)), what)
  }
  assert.equal((await sessions()).length, before)
})

test('the provider away is told to the person in words, keeps nothing else from working, and is asked again', async () => {
  const port = await freePort()
  const away = await openBed({
    TL_DOMAIN: domain,
    LOTAN_OIDC_ISSUER: `http://127.0.0.1:${port}`,
    LOTAN_OIDC_CLIENT_ID: client.id,
    LOTAN_OIDC_CLIENT_SECRET: client.secret,
    LOTAN_OIDC_ADMINS: 'anna@example.com',
  })
  try {
    const headers = { Host: domain }
    assert.equal((await away.ask('/', { headers: { ...headers, ...bearer } })).status, 200)
    const answer = await away.ask('/login/oidc', { headers })
    assert.equal(answer.status, 503)
    assert.match(answer.text, /The login provider does not answer Lotan\. Try again in a moment/)
    assert.ok(answer.headers['retry-after'])
    const configuration = JSON.stringify({
      issuer: `http://127.0.0.1:${port}`,
      authorization_endpoint: `http://127.0.0.1:${port}/auth`,
    })
    const back = http.createServer((_req, res) => res.setHeader('Content-Type', 'application/json').end(configuration))
    back.listen(port, '127.0.0.1')
    await once(back, 'listening')
    assert.equal((await away.ask('/login/oidc', { headers })).status, 303)
    back.closeAllConnections()
    back.close()
  } finally {
    await away.close()
  }
})

test('no secret of a login is in the log', () => {
  const told = bed.lines.join('\n')
  assert.ok(told.includes('anna@example.com'))
  assert.doesNotMatch(told, /the-secret-of-the-client|code=|code_verifier|id_token"|access_token"/)
})
