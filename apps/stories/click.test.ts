/** The story: somebody clicks a link in a pull request. With a real browser, and the demo's own images. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { buildSample, samples } from '../demo/sample.ts'
import { startLotan, type Lotan } from '../testing/harness/lotan.ts'
import { goTo, keepScreenshot, openBrowser, type Browser, type Page } from '../testing/harness/browser.ts'
import { openGate, type Gate } from '../testing/registries/throttle.ts'
import { buildApps, buildOn, moveToRegistry } from '../testing/images/build.ts'
import { publishApp } from '../testing/images/publish.ts'
import { engine } from '../testing/images/kept-bases.ts'
import { startImageRegistry, type Registry } from '../testing/registries/image-registry.ts'
import { until } from '../testing/harness/until.ts'
import { readMetrics } from '../testing/clients/prometheus.ts'

const path = '/lists/42?filter=open'
const traced = 'the-click-that-is-followed'

describe('a click', { timeout: 300_000 }, () => {
  let registry: Registry
  let gate: Gate
  let lotan: Lotan
  let browser: Browser
  let forgotten: Page

  before(async () => {
    registry = await startImageRegistry()
    gate = await openGate(registry.port)
    for (const tag of ['red', 'green']) {
      const reference = `${registry.repository}:${tag}`
      await buildSample(
        engine,
        samples.find((sample) => sample.tag === tag)!,
        reference,
      )
      // The sample's own layers may be here already, from another Lotan's demo.
      await buildOn(reference, reference, { ballast: 500 })
      await moveToRegistry(reference)
    }
    await buildApps(`127.0.0.1:${gate.port}/todowrangler`, ['file', 'empty', 'late', 'scriptless'])
    for (const tag of ['live', 'traced']) await publishApp(`${registry.repository}:${tag}`)
    lotan = await startLotan({
      repository: `127.0.0.1:${gate.port}/todowrangler`,
      env: {
        INACTIVITY_STOP_TIMEOUT_MINUTES: '0.05',
        INACTIVITY_RMI_TIMEOUT_MINUTES: '0.3',
        LOTAN_GRACE_SECONDS: '1',
        LOTAN_METRICS_ALLOW: '127.0.0.1',
      },
    })
    browser = await openBrowser()
    forgotten = await forgetTab()
  })
  after(async () => {
    await browser?.close()
    await lotan?.stop()
    await gate?.close()
    await registry?.close()
  })

  test('on a preview that was never pulled shows what goes on, and becomes the application at the same path and query', async () => {
    // The pull stands still in the middle, for as long as we look at the page.
    gate.narrow(300_000)
    const page = await browser.newPage()
    const first = await goTo(page, lotan.url('red', path))
    assert.equal(first?.status(), 503)
    assert.equal(first?.headers()['cache-control'], 'no-store')
    assert.ok(Number(first?.headers()['retry-after']) > 0)
    assert.equal(await page.getByRole('heading').textContent(), 'Getting red ready')
    assert.equal(await page.getByText('You will land on').getByRole('code').textContent(), path)

    await page.locator('summary', { hasText: 'Step 2 of 4: pulling the image' }).click()
    await page.locator('[aria-current=step]', { hasText: 'Pulling the image' }).waitFor()
    await page.locator('[aria-current=step]', { hasText: / of .*[kM]B/ }).waitFor()
    await until('the tab says how far it is', async () => /^\d+ % · red$/.test(await page.title()))
    assert.ok(await page.getByText('Pulling', { exact: true }).isVisible())
    await keepScreenshot(page, 'click-waiting')

    gate.widen()
    await theApplication(page, 'red')
    assert.equal(page.url(), lotan.url('red', path))
    await keepScreenshot(page, 'click-todowrangler')

    await page.getByLabel('What is to be done?').fill('Merge it')
    await page.getByRole('button', { name: 'Add' }).click()
    assert.ok(await page.getByText('Merge it').isVisible())
    await page.close()
  })

  test('may choose its id, which the application sees as it was sent', async () => {
    const { status, text } = await lotan.request('traced', {
      path: '/echo?secret',
      headers: { 'X-Request-Id': traced },
    })
    assert.equal(status, 200)
    const { rawHeaders } = JSON.parse(text) as { rawHeaders: string[] }
    assert.equal(rawHeaders[rawHeaders.indexOf('X-Request-Id') + 1], traced)
  })

  test('without script comes to the application too', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    gate.narrow(300_000)
    const first = await goTo(page, lotan.url('green', path))
    assert.equal(first?.status(), 503)
    assert.equal(await page.getByRole('heading').textContent(), 'Getting green ready')
    // It was never started: how long it takes is told once the engine has said how much there is to fetch.
    assert.doesNotMatch((await page.getByRole('status').textContent())!, /usually/)
    await until('API and stream tell the same', async () => {
      const { json } = await lotan.api<{ usual: number | null }>('GET', '/previews/green')
      return json.usual !== null && json.usual > 0 && (await firstEvent('green')).usual === json.usual
    })
    gate.widen()
    await theApplication(page, 'green')
    assert.equal(page.url(), lotan.url('green', path))
    await context.close()
  })

  test('on a preview that was stopped for being idle starts it again, from the image that is here', async () => {
    const { container } = await running('red')
    await lotan.untilState('red', 'stopped', 40_000)
    assert.notEqual((await inspect(container))?.running, true)

    const changes = lotan.store.history('red').length
    const page = await browser.newPage()
    await goTo(page, lotan.url('red', path))
    await theApplication(page, 'red')
    await page.close()
    const events = lotan.store.history('red').slice(0, -changes)
    assert.ok(!events.some(({ event }) => event === 'pull'), 'the image was pulled again')
  })

  test('on a preview whose image was removed pulls it again', async () => {
    const reference = `${lotan.config.repositories[0]!.reference}:red`
    await until('the image of red is gone', async () => !(await engine.findImage(reference)), { within: 60_000 })
    await until('red knows', () => lotan.store.get('red')?.image === null)
    assert.equal((await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === 'red').length, 0)

    const page = await browser.newPage()
    await goTo(page, lotan.url('red', path))
    await theApplication(page, 'red')
    assert.equal(page.url(), lotan.url('red', path))
    await page.close()
    assert.equal(lotan.store.history('red').filter(({ event }) => event === 'pulled').length, 2)
  })

  test('on an address that is a file, or has no page, says so where the waiting page stood', async () => {
    const wide = await browser.newContext()
    const narrow = await browser.newContext({ viewport: { width: 390, height: 844 } })
    const none = await browser.newContext({ javaScriptEnabled: false })
    const visits = [
      { tag: 'file', context: wide, path: '/answer?h=Content-Disposition:attachment', downloads: 1 },
      { tag: 'empty', context: narrow, path: '/answer?status=204', downloads: 0 },
      { tag: 'late', context: wide, path: '/slow?ms=5500', downloads: 0 },
      { tag: 'scriptless', context: none, path: '/answer?h=Content-Disposition:attachment', downloads: 1 },
    ].map(async ({ tag, context, path, downloads }) => {
      const page = await context.newPage()
      let saved = 0
      page.on('download', () => saved++)
      assert.equal((await goTo(page, lotan.url(tag, path)))?.status(), 503)
      // Its page takes its time, and opens all the same.
      if (tag === 'late') await shows(page, tag)
      else if (context !== none) {
        await page.getByRole('heading', { name: `${tag} is running` }).waitFor()
        assert.equal(await page.title(), `Running · ${tag}`)
        assert.match((await page.getByRole('status').textContent())!, /saved a file instead/)
        assert.ok(await page.getByRole('link', { name: 'Go to its start page' }).isVisible())
        assert.equal(await page.getByText('Waiting for the first answer').isVisible(), false)
        await keepScreenshot(page, `click-asked-${tag}`)
      } else await until('the file is saved', () => saved > 0)
      return { page, seen: () => assert.equal(saved, downloads, tag) }
    })
    for (const { page, seen } of await Promise.all(visits)) {
      // By now a page that asked again and again would have done so.
      seen()
      await page.close()
    }
    await Promise.all([wide, narrow, none].map((context) => context.close()))
  })

  test('on a preview that a forgotten tab has let go wakes it, and brings that tab back', async () => {
    const reference = `${lotan.config.repositories[0]!.reference}:live`
    await until('the image of live is gone', async () => !(await engine.findImage(reference)), { within: 60_000 })
    await until('live knows', () => lotan.store.get('live')?.image === null)
    const before = await tab()
    // It goes on trying, and wakes nothing.
    await until('it has tried again', async () => {
      const { lost, refused } = await tab()
      return lost > before.lost && refused >= before.refused + 2
    })
    const events = lotan.store.history('live').map(({ event }) => event)
    assert.equal(events.filter((event) => event === 'start').length, 1, events.join())
    assert.equal((await lotan.containers()).filter(({ Labels }) => Labels['lotan.tag'] === 'live').length, 0)
    const { ready, reached } = await tab()
    assert.equal(ready, 0, 'the EventSource is at its end')
    assert.equal(reached, 0, 'it would load itself again')

    const page = await browser.newPage()
    await goTo(page, lotan.url('live', '/plain'))
    await shows(page, 'live')
    await until('the forgotten tab is back', async () => {
      const { ready, open } = await tab()
      return ready === 1 && open === 1
    })
    await page.close()

    function tab() {
      return forgotten.evaluate<Record<'ready' | 'lost' | 'open' | 'refused' | 'reached', number>>(
        '({ ready: source.readyState, lost, open: socket.readyState, refused, reached })',
      )
    }
  })

  test('is followed by its id through the logs of all processes, as far as its start goes', async () => {
    await lotan.untilState('traced', 'stopped')
    const output = await lotan.output()
    const linesOf = (name: string) => {
      const [text = ''] = output.split(`--- ${name}.log\n`)[1]?.split('\n--- ') ?? []
      return text.split('\n').filter((line) => line.includes(traced))
    }
    const messagesOf = (name: string) => linesOf(name).map((line) => (JSON.parse(line) as { msg: string }).msg)
    const [request, ...others] = linesOf('nginx-access')
    assert.match(request!, / person GET "\/echo" 200 /)
    assert.deepEqual(others, [])
    assert.deepEqual(messagesOf('router'), ['preview changed'])
    for (const message of ['image pulled', 'container started', 'preview changed'])
      assert.ok(messagesOf('queue-processor').includes(message), message)
    assert.deepEqual(messagesOf('reaper'), [])
    const told = lotan.store.history('traced').filter(({ request }) => request === traced)
    assert.deepEqual([told.at(-1)?.event, told[0]?.event], ['start', 'answered'])
  })

  test('is counted, for who scrapes from an address that may', async () => {
    const { status, text } = await lotan.ask({ host: lotan.domain, path: '/metrics' })
    assert.equal(status, 200)
    const metrics = readMetrics(text)
    const valueOf = (name: string, labels: Record<string, string>) =>
      metrics
        .get(name)
        ?.series.find((each) => Object.entries(labels).every(([key, value]) => each.labels[key] === value))?.value
    assert.equal(valueOf('lotan_preview_requests_total', { preview: 'traced', code: '2xx' }), 1)
    assert.ok(valueOf('lotan_preview_received_bytes_total', { preview: 'traced' })! > 100)
    const started = lotan.store.counters().start?.running ?? 0
    assert.ok(started >= 8)
    assert.equal(valueOf('lotan_starts_total', { result: 'running' }), started)
    for (const [name, labels] of [
      ['lotan_cold_answers_total', { kind: 'waiting-page' }],
      ['lotan_cold_answers_total', { kind: 'held' }],
      ['lotan_reaps_total', { action: 'stop', reason: 'idle' }],
      ['lotan_reaps_total', { action: 'clean', reason: 'idle' }],
    ] as const)
      assert.ok(valueOf(name, labels)! >= 1, `${name} ${JSON.stringify(labels)}`)
    const components = metrics.get('lotan_up')!.series.map(({ labels, value }) => [labels.component, value])
    assert.deepEqual(components, ['engine', 'redis', 'database', 'nginx', 'queue-processor', 'reaper'].map((name) => [name, 1])) // prettier-ignore
  })

  /** A page whose EventSource and WebSocket say nothing, and are opened again when they are lost, as a development server's is. */
  async function forgetTab(): Promise<Page> {
    const page = await browser.newPage()
    await goTo(page, lotan.url('live', '/plain'))
    await shows(page, 'live')
    await page.evaluate(`
      var lost = 0, refused = 0, reached = 0, socket
      var source = new EventSource('/mute')
      source.onerror = () => lost++
      const connect = () => {
        socket = new WebSocket('ws://' + location.host + '/hot?try=' + refused)
        socket.onclose = () => {
          refused++
          setTimeout(connect, 1000)
          // As Vite's client of before WebSockets for this: any answer means to it that the server is back.
          fetch('/hot', { mode: 'no-cors', headers: { Accept: 'text/x-vite-ping' } }).then(() => reached++, () => {})
        }
      }
      connect()`)
    await until('both are open', () => page.evaluate<boolean>('source.readyState === 1 && socket.readyState === 1'))
    return page
  }

  async function shows(page: Page, text: string) {
    await until(`the page says ${text}`, async () => (await page.textContent('body')) === text, { within: 60_000 })
  }

  /** What the waiting page's stream says first. */
  async function firstEvent(tag: string): Promise<{ usual: number }> {
    const stream = await lotan.open(tag, { path: '/.lotan/events' })
    let text = ''
    for await (const chunk of stream) if (/data: .*\n/.test((text += String(chunk)))) break
    return JSON.parse(/data: (.*)\n/.exec(text)![1]!) as { usual: number }
  }

  async function theApplication(page: Page, tag: string) {
    // While it navigates, a page has no title to ask for.
    await until(`the page is that of ${tag}`, async () => (await page.title()) === `todowrangler · ${tag}`, {
      within: 60_000,
    })
  }

  async function running(tag: string): Promise<{ container: string }> {
    const { json } = await lotan.api<{ container: string }>('GET', `/previews/${tag}`)
    return json
  }

  async function inspect(container: string) {
    return engine.inspect(container)
  }
})
