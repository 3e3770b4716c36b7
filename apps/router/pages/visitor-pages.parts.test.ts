/** Visitors' pages in a real browser, told by a server that says what it is told to say. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { goTo, openBrowser, type Browser, type Page as Tab } from '../../testing/harness/browser.ts'
import { until } from '../../testing/harness/until.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { serviceRow } from '../../testing/harness/service-row.ts'
import { alone } from '../services/coming-up.ts'
import { known, logo, pages, progress, pulling, queued, slow, tag, told, withServices } from './harness.ts'
import { stylesheet } from './views.ts'

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** One of each look. */
const alike = [
  'full',
  'pulling',
  'unpacking',
  'waking',
  'services',
  'service-failed',
  'wrong-port',
  'dropped',
  'about-asleep',
]
const kinds = Object.keys(pages).filter((name) => !alike.includes(name))

/** What depends on width and colours alone is asked again at each of them. */
const ofSight = "{ type: 'rule', values: ['color-contrast', 'target-size', 'link-in-text-block', 'meta-viewport'] }"
const sights = [
  { width: 1280, colorScheme: 'light', rules: 'undefined' },
  { width: 1280, colorScheme: 'dark', rules: ofSight },
  { width: 390, colorScheme: 'light', rules: ofSight },
  { width: 390, colorScheme: 'dark', rules: ofSight },
] as const

const sizes = ({ scrollWidth, clientWidth }: { scrollWidth: number; clientWidth: number }) => ({
  scrollWidth,
  clientWidth,
})

describe('visitors’ pages', { timeout: 300_000 }, () => {
  let browser: Browser
  let site: string
  let stream: ServerResponse | undefined
  let retried = 0
  const asked: string[] = []
  const say = (data: object) => stream!.write(`data: ${JSON.stringify(data)}\n\n`)

  const server = http.createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`)
    if (req.url === '/lotan.css') return res.writeHead(200, { 'Content-Type': 'text/css' }).end(stylesheet)
    if (req.url === '/logo') return res.writeHead(200, { 'Content-Type': logo.type }).end(logo.body)
    if (req.url === '/.lotan/retry') {
      retried++
      return res.writeHead(303, { Location: '/lists/42' }).end()
    }
    if (req.url === '/.lotan/events') {
      stream = res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      return stream.write('retry: 500\n\n')
    }
    const page = pages[req.url!.slice(1)]
    if (!page) return res.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>The application</title>')
    return res.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': page.csp }).end(page.html)
  })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    server.close()
    server.closeAllConnections()
  })

  async function open(name: string): Promise<Tab> {
    stream = undefined
    const tab = await browser.newPage()
    await goTo(tab, `${site}/${name}`)
    return tab
  }

  async function listening(name: string): Promise<Tab> {
    const tab = await open(name)
    await until('the page listens', () => stream)
    return tab
  }

  test('have no fault that axe finds, none that the console tells, and none scrolls sideways', async () => {
    // axe is no script of the page, which its policy would let run.
    const context = await browser.newContext({ bypassCSP: true })
    const tab = await context.newPage()
    await context.route('**/.lotan/events', () => {})
    for (const name of kinds) {
      await goTo(tab, `${site}/${name}`)
      await tab.evaluate(`document.querySelectorAll('details').forEach((fold) => (fold.open = true)); ${axe}`)
      for (const { width, colorScheme, rules } of sights) {
        await tab.setViewportSize({ width, height: 800 })
        await tab.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const faults =
          await tab.evaluate(`axe.run({ runOnly: ${rules}, resultTypes: ['violations'] }).then(({ violations }) =>
          violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`)
        assert.deepEqual(faults, [], `${name}, ${width} px, ${colorScheme}`)
        const { scrollWidth, clientWidth } = await tab.locator('html').evaluate(sizes)
        assert.equal(scrollWidth, clientWidth, `${name}, ${width} px`)
      }
    }
    await context.close()
  })

  test('are drawn under their own strict policy', async () => {
    const tab = await browser.newPage()
    const complaints: string[] = []
    tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await tab.route('**/.lotan/events', () => {})
    for (const name of kinds) {
      await goTo(tab, `${site}/${name}`)
      assert.deepEqual(complaints, [], name)
      const isDrawn = await tab.evaluate(`getComputedStyle(document.querySelector('.sheet')).borderRadius === '12px' &&
        [...document.images].every(({ naturalWidth }) => naturalWidth > 0)`)
      assert.ok(isDrawn, name)
    }
    await tab.close()
  })

  test('the bar of the waiting page never runs backwards, and the tab’s title says how far it is', async () => {
    const tab = await listening('pulling')
    const bar = tab.getByRole('progressbar')
    for (const [percent, full] of [
      [62, 52],
      [31, 52],
      [70, 59],
    ] as const) {
      say(told({ ...pulling, progress: { ...progress, bytes: percent * 100_000, percent } }))
      await tab
        .getByText(`${(percent / 10).toString()} of 51\u00a0MB`.replace('.0', ''))
        .first()
        .waitFor()
      assert.equal(Number(await bar.getAttribute('value')), full)
      assert.equal(await tab.title(), `${full}\u00a0% · ${tag}`)
    }
    // A retry begins anew.
    say(told({ ...queued, by: 'retry', reason: { code: 'registry-down', detail: '' } }))
    await tab.getByText('Next', { exact: true }).waitFor()
    assert.equal(Number(await bar.getAttribute('value')), 59)
    await tab.close()
  })

  test('the waiting page opens its stages when it becomes slower than usual', async () => {
    const tab = await listening('pulling')
    assert.equal(await tab.locator('details').getAttribute('open'), null)
    say(told(slow))
    await tab.getByText('Slower than usual.').waitFor()
    assert.equal(await tab.title(), `Slower than usual · ${tag}`)
    assert.ok(await tab.getByText('Unpacking', { exact: true }).isVisible())
    // Who folds them again has them folded.
    await tab.locator('summary').click()
    say(told(slow))
    await tab.locator('summary', { hasText: 'Step 4 of 4: starting' }).waitFor()
    assert.equal(await tab.locator('details').getAttribute('open'), null)
    await tab.close()
  })

  test('the waiting page says which service it waits for, and has a stage for each once they are known', async () => {
    const tab = await listening('pulling')
    const stages = () => tab.locator('.stages li').evaluateAll((all) => all.map((one) => one.innerText.split('\n')[0]))
    const [head, end] = [
      ['Queued', 'Pulling the images', 'Unpacking'],
      'Starting the application, until its first answer',
    ]
    await tab.locator('summary').click()
    const at = (services: ServiceRow[]) => say(told(withServices, { beside: { ...alone, services } }))
    const db = serviceRow(tag, 'db', { state: 'starting' })
    at([db, serviceRow(tag, 'mail')])
    await tab.getByText('Waiting for db to answer').waitFor()
    assert.deepEqual(await stages(), [...head, 'Starting db', 'Starting mail', end])
    assert.deepEqual(
      await tab.locator('.stages [aria-current]').allInnerTexts(),
      await tab.locator('.stages .current').allInnerTexts(),
    )
    // A newer stack has one service less.
    at([{ ...db, state: 'waiting' }])
    await tab.locator('summary', { hasText: 'Step 4 of 5: starting db' }).waitFor()
    assert.deepEqual(await stages(), [...head, 'Starting db', end])
    at([{ ...db, state: 'running' }])
    await tab.getByText('Starting the application', { exact: true }).waitFor()
    say(told(slow))
    await tab.getByText('Waiting for the first answer').waitFor()
    assert.deepEqual(await stages(), ['Queued', 'Pulling the image', 'Unpacking', 'Starting, until the first answer'])
    await tab.close()
  })

  test('the waiting page of what is stopped meanwhile says so, shows no progress, and starts it at a click', async () => {
    const tab = await listening('pulling')
    say(told({ ...known, state: 'stopping', phase: 'ending', generation: null, why: 'asked' }))
    await tab.getByRole('heading', { name: `${tag} was stopped` }).waitFor()
    assert.equal(
      await tab.getByRole('status').textContent(),
      'Somebody who runs Lotan stopped it while you were waiting.',
    )
    assert.equal(await tab.title(), `Stopped · ${tag}`)
    for (const part of ['progressbar', 'list']) assert.equal(await tab.getByRole(part as 'list').count(), 0, part)
    retried = 0
    await tab.getByRole('button', { name: 'Start it again' }).click()
    await tab.waitForURL('**/lists/42')
    assert.equal(retried, 1)
    await tab.close()
  })

  test('the failure page opens what a newer image brings, and leaves alone what was stopped', async () => {
    const tab = await listening('exited')
    say({ over: 'failed' })
    say({ over: 'stopped' })
    pages.exited = pages.pulling!
    say({ over: 'renewed' })
    await tab.getByRole('heading', { name: `Getting ${tag} ready` }).waitFor()
    await tab.close()
  })

  test('the page of a missing tag asks for it again by itself, and opens it once it is there', async () => {
    retried = 0
    stream = undefined
    const tab = await browser.newPage()
    await tab.clock.install()
    await goTo(tab, `${site}/missing`)
    await tab.clock.fastForward(2_000)
    await until('it asks', () => retried === 1 && stream)
    say({ over: null, state: 'queued' })
    say({ over: 'gone', state: 'unknown' })
    await tab.getByText('asked once').waitFor()
    await tab.getByText(/^in 1[45]\s/).waitFor()
    stream = undefined
    pages.missing = pages.pulling!
    await tab.clock.fastForward(16_000)
    await until('it asks once more', () => retried === 2 && stream)
    say({ over: null, state: 'pulling' })
    await tab.getByRole('heading', { name: `Getting ${tag} ready` }).waitFor()
    await tab.close()
  })
})
