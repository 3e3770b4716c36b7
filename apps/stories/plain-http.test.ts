/**
 * Plain HTTP on a name of one's own, in a real browser: it says nothing of what it fetches and for whom, and holds nothing
 * back but what cookies say. What previews and other sites may do to people there, and what they may not.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { asBrowser, startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { goTo, openBrowser, type Browser, type Page } from '../testing/harness/browser.ts'
import { buildApp, buildSmall } from '../testing/images/build.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const domain = 'previews.example.test'

describe('over plain HTTP', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let browser: Browser
  let elsewhere: Awaited<ReturnType<typeof openElsewhere>>

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of ['framed', 'tossing']) await buildSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    await buildApp(`${registry.repository}:sibling`)
    lotan = await startLotan({ repository: registry.repository, env: { TL_DOMAIN: domain } })
    elsewhere = await openElsewhere()
    browser = await openBrowser({ resolve: [`*.${domain}`, domain, '*.elsewhere.test'] })
  })
  after(async () => {
    await browser?.close()
    elsewhere?.close()
    await lotan?.stop()
    await registry?.close()
  })

  test('a cold preview in a frame of another site ends in the application', async () => {
    const page = await browser.newPage()
    await goTo(page, elsewhere.page(`<iframe src="${lotan.url('framed')}"></iframe>`))
    await page.frameLocator('iframe').getByRole('heading', { name: 'this is framed' }).waitFor({ timeout: 30_000 })
    await page.close()
  })

  for (const [what, referrer, javaScriptEnabled] of [
    ['a link', 'unsafe-url', true],
    ['a link that does not say where it is', 'no-referrer', true],
    ['a link, without script', 'no-referrer', false],
  ] as const)
    test(`${what} on another site leads a logged-in admin in`, async () => {
      const context = await browser.newContext({ javaScriptEnabled })
      const page = await loggedIn(context)
      await goTo(page, elsewhere.page(`<a href="${lotan.admin}/?state=running">In</a>`, referrer))
      await page.getByRole('link', { name: 'In' }).click()
      await page.getByRole('button', { name: 'Log out' }).waitFor()
      assert.equal(page.url(), `${lotan.admin}/?state=running`)
      await context.close()
    })

  test('a link on another site leads everybody else to the login form, once', async () => {
    const page = await browser.newPage()
    await goTo(page, elsewhere.page(`<a href="${lotan.admin}/">In</a>`, 'no-referrer'))
    let loads = 0
    page.on('domcontentloaded', () => loads++)
    await page.getByRole('link', { name: 'In' }).click()
    await until('it has come to rest', () => loads === 2)
    await page.getByLabel('Admin token').fill(lotan.token)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    assert.equal(page.url(), `${lotan.admin}/`)
    assert.equal(loads, 3)
    await page.close()
  })

  test('a preview’s page bars nobody from logging in', async () => {
    const page = await browser.newPage()
    await lotan.click('tossing')
    await goTo(page, lotan.url('tossing'))
    const asked = await page.evaluate(async (admin) => {
      const tries = Array.from({ length: 12 }, (_, i) => `${admin}/login?token=wrong-${i}`)
      await Promise.allSettled(tries.map((url) => fetch(url, { mode: 'no-cors' })))
      return tries.length
    }, lotan.admin)
    assert.equal(asked, 12)
    await goTo(page, lotan.admin)
    await page.getByLabel('Admin token').fill(lotan.token)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    await page.close()
  })

  test('as many cookies as a browser keeps, tossed by a preview, lock nobody out', async (t) => {
    const context = await browser.newContext()
    const page = await loggedIn(context)
    await lotan.click('tossing')
    await lotan.click('sibling')
    await goTo(page, lotan.url('tossing'))
    // Chromium keeps 180 of one site, of 4 kB each; one more, and it drops many. It takes them one after another.
    const kept = await page.locator('body').evaluate((body, domain) => {
      for (let i = 0; i < 178; i++)
        body.ownerDocument.cookie = `toss${i}=${'x'.repeat(4_080)}; domain=${domain}; path=/; max-age=3600`
      return body.ownerDocument.cookie.length
    }, domain)
    assert.ok(kept > 700_000)
    const answer = await goTo(page, `${lotan.admin}/login?next=a`)
    assert.equal(answer?.status(), 431)
    await page.getByRole('link', { name: 'Load this page again' }).waitFor()
    const left = await page.locator('body').evaluate((body) => body.ownerDocument.cookie.length)
    t.diagnostic(`the browser kept ${kept} bytes of cookies, and keeps ${left}`)
    for (const url of [lotan.url('sibling'), lotan.admin]) assert.equal((await goTo(page, url))?.status(), 200)
    // Those of the login itself are as good as before.
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    await context.close()
  })

  test('what no browser sends is refused, and told what to do', async () => {
    const Cookie = 'x'.repeat(33_000)
    for (const host of [lotan.host('sibling'), `${domain}:${lotan.port}`, 'elsewhere.test']) {
      const page = await lotan.ask({ host, headers: { Accept: 'text/html', Cookie } })
      assert.equal(page.status, 431, host)
      assert.match(page.text, /Clear the cookies of previews\.example\.test/)
      const problem = await lotan.ask({ host, headers: { Accept: '*/*', Cookie } })
      assert.deepEqual([problem.status, problem.headers['content-type']], [431, 'application/problem+json'], host)
      assert.equal((JSON.parse(problem.text) as { status: number }).status, 431)
    }
  })

  test('a body that is too large is a problem to a program, and a page to a person', async () => {
    const body = 'x'.repeat(100_000)
    const { status, json } = await lotan.api('POST', '/previews', { tag: body })
    assert.deepEqual([status, json.title], [413, 'Too large'])
    const page = await lotan.ask({ host: domain, method: 'POST', path: '/login', headers: asBrowser, body })
    assert.deepEqual([page.status, page.headers['content-type']], [413, 'text/html'])
    assert.match(page.text, /larger than anything Lotan takes/)
  })

  test('while the router is away, what was asked asks again by itself, and what was sent does not', async () => {
    const send = (method: string, headers: Record<string, string>) =>
      lotan.ask({ host: `${domain}:${lotan.port}`, method, path: '/previews/sibling/stop', headers })
    const [page, form, program] = await until('nginx answers alone', async () => {
      const router = lotan.part('router')
      if (router) process.kill(router, 'SIGKILL')
      const answers = await Promise.all([send('GET', asBrowser), send('POST', asBrowser), send('POST', {})])
      return answers.every(({ status }) => status === 503) && answers
    })
    assert.match(page.text, /http-equiv="refresh"/)
    assert.doesNotMatch(form.text, /http-equiv="refresh"|by itself/)
    assert.match(form.text, /send it again/)
    for (const { headers } of [page, form]) assert.equal(headers['content-type'], 'text/html')
    assert.match((JSON.parse(program.text) as { type: string }).type, /\/problems\/restarting$/)
    await lotan.ready()
  })

  async function loggedIn(context: { newPage(): Promise<Page> }): Promise<Page> {
    const page = await context.newPage()
    await goTo(page, `${lotan.admin}/login?token=${lotan.token}`)
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    return page
  }
})

/** A site of somebody else's, of one page. */
async function openElsewhere() {
  let body = ''
  let policy = ''
  const server = http.createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/html', 'Referrer-Policy': policy }).end(`<!doctype html>${body}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    /** Puts this on its page, whose address it answers. */
    page(html: string, referrer = 'unsafe-url'): string {
      body = html
      policy = referrer
      return `http://www.elsewhere.test:${(server.address() as AddressInfo).port}/`
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
