/** The admin's day, in a real browser: logging in, looking, starting, stopping, adding and removing. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { goTo, keepScreenshot, openBrowser, type Browser, type Page } from '../testing/harness/browser.ts'
import { buildSmall } from '../testing/images/build.ts'
import { publishSmall } from '../testing/images/publish.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'

const tags = ['alpha', 'beta', 'gamma', 'delta']

describe('the admin page', { timeout: 300_000 }, () => {
  let registry: Registry
  let lotan: Lotan
  let browser: Browser

  before(async () => {
    registry = await startImageRegistry()
    for (const tag of tags) await publishSmall(`${registry.repository}:${tag}`, `this is ${tag}`)
    await publishSmall(`${registry.repository}:fails`, '', { cmd: ['sh', '-c', 'echo no database >&2; exit 7'] })
    const chatter =
      '(i=0; while :; do i=$((i+1)); echo "line $i of it"; [ $i -lt 300 ] || /bin/busybox sleep 0.2; done) & exec /bin/busybox httpd'
    await buildSmall(`${registry.repository}:chatty`, '', { cmd: ['sh', '-c', `${chatter} -f -p 80 -h /www`] })
    lotan = await startLotan({
      repository: registry.repository,
      env: { ADMIN_WELCOME: '<b>Welcome</b> to the previews', ADMIN_INFO: 'Ask <i>Ada</i>' },
    })
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await lotan?.stop()
    await registry?.close()
  })

  test('is shut to whoever has no token', async () => {
    const page = await browser.newPage()
    assert.equal((await goTo(page, lotan.admin))?.status(), 401)
    await page.getByLabel('Admin token').fill('not the token')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').waitFor()
    for (const path of ['/previews/alpha', '/api/v1/previews', '/api/v1/events'])
      assert.equal((await lotan.ask({ host: lotan.domain, path })).status, 401, path)
    assert.equal((await lotan.ask({ host: lotan.domain, method: 'POST', path: '/previews/alpha/start' })).status, 401)
    await page.close()
  })

  test('opens by the login link that was printed, and stays open', async () => {
    const link = /http:\S+login\?token=\S+/.exec(lotan.said())?.[0]
    assert.ok(link)
    const page = await browser.newPage()
    await goTo(page, link)
    await page.getByRole('heading', { name: 'Previews', exact: true }).waitFor({ state: 'attached' })
    assert.equal(page.url(), `${lotan.admin}/`)
    assert.ok(await page.getByText('Welcome to the previews').isVisible())
    assert.ok(await page.getByText('Ask Ada').isVisible())
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Admin token').waitFor()
    assert.equal((await goTo(page, lotan.admin))?.status(), 401)
    await page.close()
  })

  test('adds, stops, starts and removes, and shows every change without reloading', async () => {
    const page = await loggedIn()
    await until('the registry’s tags are offered', async () => {
      const { json } = await lotan.api<{ tag: string }[]>('GET', '/tags')
      return tags.every((tag) => json.some((offered) => offered.tag === tag))
    })
    await page.reload()
    const offered = await page
      .locator('datalist option')
      .evaluateAll((all) => all.map((one) => one.getAttribute('value')))
    for (const tag of tags) assert.ok(offered.includes(tag), `${tag} is not offered`)

    await page.getByLabel('Add a tag').fill('alpha')
    await page.getByRole('button', { name: 'Add' }).click()
    await row(page, 'alpha', /running/)

    // A change made elsewhere comes by itself.
    await markPage(page)
    await lotan.api('POST', '/previews', { tag: 'beta' })
    await row(page, 'beta', /running/)
    assert.ok(await isMarked(page), 'the page was loaded again')
    assert.match((await rowOf(page, 'beta').textContent())!, /[0-9a-f]{8}/)
    assert.equal(
      await rowOf(page, 'beta').getByRole('link', { name: 'Open beta in a new tab' }).getAttribute('href'),
      lotan.url('beta'),
    )

    await page.getByRole('button', { name: 'Stop alpha' }).click()
    await row(page, 'alpha', /stopping/)
    // While it drains it can be called back.
    await page.getByRole('button', { name: 'Start alpha' }).click()
    await row(page, 'alpha', /running/)
    await page.getByRole('button', { name: 'Stop alpha' }).click()
    await row(page, 'alpha', /stopped/)
    await page.getByRole('link', { name: 'More for alpha' }).click()
    await page.getByRole('button', { name: /^Remove/ }).click()
    // It may be taken back for ten seconds, and goes then.
    await row(page, 'alpha', /Goes in/)
    await rowOf(page, 'alpha').waitFor({ state: 'detached', timeout: 60_000 })
    assert.equal(lotan.store.get('alpha'), undefined)
    await page.close()
  })

  test('shows why a preview failed, with what it wrote', async () => {
    const page = await loggedIn()
    await lotan.api('POST', '/previews', { tag: 'fails' })
    await row(page, 'fails', /failed/)
    await page.getByRole('link', { name: 'fails', exact: true }).click()
    await page.getByText('no database').first().waitFor()
    assert.ok(await page.getByText('exit code 7').first().isVisible())
    await keepScreenshot(page, 'desk-failed')
    await page.close()
  })

  test('shows what an application writes, and leaves what somebody has marked in it', async () => {
    await lotan.api('POST', '/previews', { tag: 'chatty' })
    await lotan.untilState('chatty', 'running')
    const page = await loggedIn()
    await goTo(page, `${lotan.admin}/previews/chatty`)
    const log = page.getByRole('region', { name: 'Log of chatty' })
    const last = async () => Number(/(\d+) of it\s*$/.exec((await log.textContent())!)![1])
    const before = await until('the first lines have come', async () => (await last()) > 50 && last())
    const marked = () => log.evaluate((pre) => pre.ownerDocument.getSelection()!.toString())
    const line = log.getByText(`line ${before} of it`)
    await line.evaluate((span, text) => {
      const range = span.ownerDocument.createRange()
      const node = [...span.childNodes].find((child) => child.textContent!.includes(text))!
      const at = node.textContent!.indexOf(text)
      range.setStart(node, at)
      range.setEnd(node, at + text.length)
      span.ownerDocument.getSelection()!.addRange(range)
    }, `line ${before} of it`)
    assert.equal(await marked(), `line ${before} of it`)
    await until('more lines have come', async () => (await last()) > before + 10, { within: 60_000 })
    assert.equal(await marked(), `line ${before} of it`)
    await page.close()
  })

  test('works without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await goTo(page, `${lotan.admin}/login?token=${lotan.token}`)
    await page.getByLabel('Add a tag').fill('gamma')
    await page.getByRole('button', { name: 'Add' }).click()
    assert.ok(await rowOf(page, 'gamma').isVisible())
    await lotan.untilState('gamma', 'running')
    await page.reload()
    assert.match((await rowOf(page, 'gamma').textContent())!, /running/)
    await page.getByRole('button', { name: 'Stop gamma' }).click()
    assert.match((await rowOf(page, 'gamma').textContent())!, /stopping/)
    await page.getByRole('link', { name: 'More for gamma' }).click()
    await page.locator('#menu-more > summary').click()
    await page.getByRole('button', { name: /^Remove/ }).click()
    assert.match((await rowOf(page, 'gamma').textContent())!, /Goes in/)
    await page.getByRole('button', { name: 'Keep gamma' }).click()
    assert.doesNotMatch((await rowOf(page, 'gamma').textContent())!, /Goes in/)
    assert.equal(lotan.store.get('gamma')?.removeAt, null)
    await context.close()
  })

  test('does nothing for another site, though the browser sends the cookie', async () => {
    const page = await loggedIn()
    await lotan.click('delta')
    // A preview is same-site with the admin page: SameSite does not protect it.
    await goTo(page, lotan.url('delta'))
    await page.locator('body').evaluate((body, action) => {
      const form = Object.assign(body.ownerDocument.createElement('form'), { method: 'post', action })
      body.append(form)
      form.submit()
    }, `${lotan.admin}/previews/delta/remove`)
    await page.getByText('Nothing was changed').waitFor()
    assert.equal(lotan.store.get('delta')?.state, 'running')
    await page.close()
  })

  test('may not be framed, and runs nothing but its own script', async () => {
    const { headers } = await lotan.ask({
      host: lotan.domain,
      headers: { Authorization: `Bearer ${lotan.token}`, Accept: 'text/html' },
    })
    const csp = String(headers['content-security-policy'])
    assert.match(csp, /default-src 'none'/)
    assert.match(csp, /frame-ancestors 'none'/)
    assert.doesNotMatch(csp, /unsafe/)
  })

  for (const width of [1280, 390])
    test(`fits on ${width} pixels`, async () => {
      const page = await loggedIn({ width, height: 900 })
      await rowOf(page, 'beta').waitFor()
      const wide = await page.locator('html').evaluate((html) => html.scrollWidth)
      assert.ok(wide <= width, `it is ${wide} wide`)
      await keepScreenshot(page, `desk-${width}`)
      await page.close()
    })

  async function loggedIn(viewport = { width: 1280, height: 900 }): Promise<Page> {
    const page = await browser.newPage({ viewport })
    await goTo(page, `${lotan.admin}/login?token=${lotan.token}`)
    return page
  }

  function rowOf(page: Page, tag: string) {
    return page.locator(`[data-tag="${tag}"]`)
  }

  async function row(page: Page, tag: string, says: RegExp) {
    await page.locator(`[data-tag="${tag}"]`, { hasText: says }).waitFor({ timeout: 30_000 })
  }

  /** A page that is loaded again loses its mark. */
  async function markPage(page: Page) {
    await page.locator('html').evaluate((html) => html.setAttribute('data-marked', ''))
  }
  async function isMarked(page: Page): Promise<boolean> {
    return page.locator('html').evaluate((html) => html.hasAttribute('data-marked'))
  }
})
