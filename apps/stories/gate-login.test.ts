/** The gate with a login, in a browser: arrival from another site, a service worker, and log-out. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { goTo, openBrowser, type Browser, type Page } from '../testing/harness/browser.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { buildSmall } from '../testing/images/build.ts'
import { until } from '../testing/harness/until.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'

/** It passes all on to the network, a navigation too. */
const worker = 'addEventListener("fetch", (event) => event.respondWith(fetch(event.request)))'
const withWorker = `echo '${worker}' > /www/worker.js && echo .js:text/javascript > /types && httpd -f -p 80 -h /www -c /types`

describe('a gate with a login', { timeout: 120_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let browser: Browser
  let page: Page

  before(async () => {
    registry = await startImageRegistry()
    await buildSmall(`${registry.repository}:red`, 'this is red', { cmd: ['sh', '-c', withWorker] })
    await buildSmall(`${registry.repository}:blue`, 'this is blue')
    lotan = await startLotan({ repository: registry.repository, env: { LOTAN_GATE: 'login' } })
    browser = await openBrowser()
    page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(20_000)
  })
  after(async () => {
    await browser?.close()
    await lotan?.stop()
    await registry?.close()
  })

  const isRed = () => page.getByText('this is red').waitFor()
  const status = (path: string) => page.evaluate(async (path) => (await fetch(path)).status, path)

  test('a visitor logs in on the main domain, and is on the page that was asked for', async () => {
    await goTo(page, lotan.url('red', '/?page=1'))
    assert.equal(new URL(page.url()).hostname, lotan.domain)
    await page.getByLabel('Admin token').fill(lotan.token)
    await page.getByRole('button', { name: 'Log in' }).click()
    await isRed()
    assert.equal(page.url(), lotan.url('red', '/?page=1'))
  })

  test('who is logged in comes from another site’s link without a form', async () => {
    await goTo(page, `data:text/html,<a href="${lotan.url('blue', '/?from=chat')}">look</a>`)
    await page.getByText('look').click()
    await page.getByText('this is blue').waitFor()
    assert.equal(page.url(), lotan.url('blue', '/?from=chat'))
  })

  test('a share link lets in a browser without a login, and stays in no address, no Referer and no log', async () => {
    const { json } = await lotan.api<{ url: string }>('POST', '/previews/blue/shares', { for: '1h' })
    const secret = new URL(json.url).searchParams.get('share')!
    const guest = await (await browser.newContext()).newPage()
    const addresses: string[] = []
    guest.on('framenavigated', (frame) => addresses.push(frame.url()))
    await goTo(guest, json.url)
    await guest.getByText('this is blue').waitFor()
    assert.equal(guest.url(), lotan.url('blue'))
    assert.equal(await guest.evaluate('document.referrer'), '')
    assert.ok(!addresses.some((address) => address.includes(secret)), 'a page had the secret in its address')
    await goTo(guest, lotan.url('red'))
    assert.equal(new URL(guest.url()).hostname, lotan.domain)
    await until('nginx has written of the visit', async () => (await lotan.output()).includes('"/.lotan/enter"'))
    assert.ok(!(await lotan.output()).includes(secret), 'the secret is in a log')
    await guest.context().close()
  })

  test('a service worker asks as its page does, and brings nobody in after the log-out', async () => {
    await goTo(page, lotan.url('red'))
    await isRed()
    await page.evaluate(
      'navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(() => 0)',
    )
    await page.reload()
    await isRed()
    assert.ok(await page.evaluate('navigator.serviceWorker.controller !== null'))
    assert.equal(await status('/?by=worker'), 200)

    assert.equal(await page.evaluate(async () => (await fetch('/.lotan/leave', { method: 'POST' })).status), 200)
    // Another address: the browser keeps answers of the application.
    assert.equal(await status('/?by=worker-after'), 401)
    // The login is still there: a navigation through the worker comes back with a new pass.
    await goTo(page, lotan.url('red', '/?page=2'))
    await isRed()

    const desk = await page.context().newPage()
    await goTo(desk, lotan.admin)
    await desk.getByRole('button', { name: 'Log out' }).click()
    await desk.getByLabel('Admin token').waitFor()
    let asked = 0
    await until('nginx has forgotten the pass', async () => (await status(`/?asked=${asked++}`)) === 401, {
      within: 6_000,
    })
    await goTo(page, lotan.url('red', '/?page=3'))
    assert.equal(new URL(page.url()).hostname, lotan.domain)
    assert.equal(await page.getByLabel('Admin token').count(), 1)
  })
})
