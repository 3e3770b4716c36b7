/** The waiting page's script, in a real browser, told by a server that says what it is told to say. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Preview } from '../../shared/preview/preview.ts'
import { goTo, openBrowser } from '../../testing/harness/browser.ts'
import { until } from '../../testing/harness/until.ts'
import { waitingPage } from './render.ts'
import { startStatusOf } from './start-status.ts'

const now = 1_800_000_000_000
const lately = { pullRate: [], start: [] }
const pulling = (percent: number): Preview => ({
  repository: '',
  tag: 'red',
  since: now,
  change: 1,
  lastSeen: now,
  image: null,
  generations: 0,
  stages: { queued: now, pulling: now },
  took: {},
  crashes: 0,
  notices: [],
  retiring: [],
  rejectedImage: null,
  update: null,
  refreshes: 0,
  waiter: null,
  pin: null,
  removeAt: null,
  request: null,
  state: 'pulling',
  progress: { bytes: percent * 1_000, total: 100_000, layers: 2, layersDone: 0, percent },
})
const told = (percent: number) =>
  startStatusOf(pulling(percent), { id: 'red', ahead: 0, full: null, missing: false, recentDurations: lately, now })

test('the bar of the waiting page never runs backwards', { timeout: 300_000 }, async () => {
  let stream: ServerResponse | undefined
  const server = http.createServer((req, res) => {
    if (req.url === '/.lotan/events') {
      stream = res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      return res.write('retry: 500\n\n')
    }
    const { html, csp } = waitingPage({ told: told(10), repository: 'red', uri: '/' })
    return res.writeHead(503, { 'Content-Type': 'text/html', 'Content-Security-Policy': csp }).end(html)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await openBrowser()
  try {
    const page = await browser.newPage()
    await goTo(page, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await until('the page listens', () => stream)
    const bar = page.getByRole('progressbar')
    for (const [percent, full] of [
      [62, 62],
      [31, 62],
      [70, 70],
    ] as const) {
      stream!.write(`data: ${JSON.stringify(told(percent))}\n\n`)
      await page.getByText(`${percent}\u00a0%`, { exact: true }).waitFor()
      assert.equal(Number(await bar.getAttribute('value')), full)
    }
  } finally {
    await browser.close()
    server.close()
    server.closeAllConnections()
  }
})
