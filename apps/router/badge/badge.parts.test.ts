/** The badge as a stranger asks for it, and as a page of another site shows it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, test } from 'node:test'
import { http } from '../../shared/http.ts'
import type { Change } from '../../shared/forge/change.ts'
import { goTo, openBrowser } from '../../testing/harness/browser.ts'
import { bearer, bringUp, openBed, type Bed } from '../admin/harness.ts'

const settings = {
  REPOSITORY: 'registry.example.com/app',
  LOTAN_REPOSITORIES: 'api=registry.example.com/api',
  TAG_FILTER: '^[^x]',
}
const forge = { LOTAN_FORGE: 'github', LOTAN_FORGE_REPOSITORY: 'acme/shop' }
const withForge = await openBed({ ...settings, ...forge })
const without = await openBed(settings)
const gated = await openBed({ ...settings, ...forge, LOTAN_GATE: 'password', LOTAN_GATE_PASSWORD: 'let-me-in-please' })
after(() => Promise.all([withForge, without, gated].map((bed) => bed.close())))

const change = (number: number, more: Partial<Change> = {}): Change => ({
  ...{ repository: '', number, title: 'Change the banner', author: 'anna', branch: 'banner', base: 'trunk' },
  ...{ sha: 'a41f09c'.padEnd(40, '0'), fork: false, state: 'open', url: 'https://git.example.com/1' },
  ...{ updated: number, ...more },
})
for (const { store } of [withForge, without, gated]) {
  bringUp('main', { store })
  bringUp('x-secret', { store })
  bringUp('api/1.9.5', { store })
  store.offer('', ['offered', 'Capital', 'artifact', 'pr-9'].map((tag) => ({ tag, digest: null }))) // prettier-ignore
  store.noteUnfit('artifact', 'sha256:a', true)
}
for (const { store } of [withForge, gated]) {
  store.changes.put(change(1), ['pr-1'], 1)
  store.changes.put(change(2, { fork: true }), ['pr-2'], 1)
  store.changes.put(change(3, { state: 'merged' }), ['pr-3'], 1)
}

const says = async (bed: Bed, file: string) => {
  const { status, text, headers } = await bed.ask(`/badge/${file}`)
  assert.equal(status, 200, file)
  assert.equal(headers['content-type'], 'image/svg+xml; charset=utf-8', file)
  return /<title>preview: (.*)<\/title>/.exec(text)![1]
}

test('a badge says how a preview is, whatever its tag looks like, and wakes nothing', async () => {
  const before = without.store.version()
  assert.equal(await says(without, 'main.svg'), 'running')
  assert.equal(await says(without, 'api/1.9.5.svg'), 'running')
  assert.equal(await says(without, '%61pi/1%2e9%2E5.svg?style=flat'), 'running')
  assert.equal(await says(without, 'offered.svg'), 'asleep, opens on a click')
  assert.equal(await says(without, 'Capital.svg'), 'asleep, opens on a click')
  assert.equal(without.store.version(), before)
  without.store.apply('main', { type: 'stop', why: 'asked' })
  assert.equal(await says(without, 'main.svg'), 'asleep, opens on a click')
  without.store.apply('new', { type: 'start', by: 'api' })
  assert.equal(await says(without, 'new.svg'), 'queued')
})

test('of a change it says whether there is an image, and whether it waits for approval', async () => {
  assert.equal(await says(withForge, 'pr-1.svg'), 'no image yet')
  withForge.store.changes.noteImage('pr-1', { digest: 'sha256:b', revision: null, bytes: null, created: null })
  assert.equal(await says(withForge, 'pr-1.svg'), 'asleep, opens on a click')
  assert.equal(await says(withForge, 'pr-2.svg'), 'waits for approval')
  assert.equal(await says(withForge, 'pr-3.svg'), 'merged')
  withForge.store.changes.approve({ repository: '', number: 2 }, { who: 'admin', at: 1 })
  assert.equal(await says(withForge, 'pr-2.svg'), 'no image yet')
})

test('what is not known, not offered or not for strangers has the same bytes and the same headers', async () => {
  const grey = [
    ...['never.svg', 'x-secret.svg', 'artifact.svg', 'main', 'Main.svg', 'web/main.svg', 'api/main.svg', 'a/b/c.svg'],
    ...['.svg', '-a.svg', '%ff.svg', '%E0%A4%A.svg', 'api%2F1.9.5.svg', 'a%00.svg', `${'a'.repeat(129)}.svg`, 'a%20b.svg'],
    ...['__proto__.svg', 'constructor.svg', 'api//1.9.5.svg', '%3Cscript%3E.svg', 'main.SVG'],
  ] // prettier-ignore
  const asked: [Bed, string][] = [
    ...grey.map((file): [Bed, string] => [without, file]),
    ...['pr-9.svg', 'pr-77.svg', 'x-secret.svg'].map((file): [Bed, string] => [withForge, file]),
    ...['main.svg', 'offered.svg', 'pr-1.svg', 'pr-2.svg', 'never.svg', '%ff.svg'].map((file): [Bed, string] => [gated, file]),
  ] // prettier-ignore
  const answers = new Map<string, string[]>()
  for (const [bed, file] of asked) {
    const { status, headers, text } = await bed.ask(`/badge/${file}`)
    const { date, 'lotan-request-id': request, ...rest } = headers
    assert.ok(date && request)
    const key = JSON.stringify({ status, rest, text })
    answers.set(key, [...(answers.get(key) ?? []), file])
  }
  assert.deepEqual([...answers.values()], [asked.map(([, file]) => file)])
  const [key] = answers.keys()
  assert.match(key!, /"status":200.*"cache-control":"no-cache".*preview: unknown/)
  // A program with a token learns no more here.
  assert.match((await gated.ask('/badge/main.svg', { headers: bearer })).text, /preview: unknown/)
})

test('who has not passed the gate reads of no change either', async () => {
  const visit = (bed: Bed, path: string) =>
    bed.door(path, { 'X-Host': `pr-1.${bed.config.domain}`, 'X-Uri': '/', Accept: 'text/html', 'X-Method': 'GET' })
  for (const path of ['/answer', '/about']) {
    assert.match((await visit(withForge, path)).text, /#1 <bdi>Change the banner<\/bdi>/)
    const { status, text } = await visit(gated, path)
    assert.deepEqual([status < 400, /banner|anna|#1/.test(text)], [true, false], path)
  }
})

test('a cache asks each time, and is told when nothing has changed', async () => {
  const { headers } = await without.ask('/badge/offered.svg')
  const again = await without.ask('/badge/offered.svg', { headers: { 'If-None-Match': headers.etag } })
  assert.deepEqual([again.status, again.text, again.headers['cache-control']], [304, '', 'no-cache'])
  bringUp('offered', without)
  const changed = await without.ask('/badge/offered.svg', { headers: { 'If-None-Match': headers.etag } })
  assert.deepEqual([changed.status, /running/.test(changed.text)], [200, true])
})

test('a page of another site shows it, and opened by itself it may do nothing', async () => {
  const socketPath = path.join(without.config.runDir, 'desk.sock')
  const server = http.createServer((req, res) => {
    if (req.url === '/page') return void res.end('<!doctype html><title>A pull request</title>')
    const headers = { ...req.headers, host: without.config.domain, 'x-forwarded-for': '192.0.2.1' }
    http.get({ socketPath, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const browser = await openBrowser({ resolve: ['forge.example', 'previews.example.com'] })
  try {
    const page = await browser.newPage()
    await goTo(page, `http://forge.example:${port}/page`)
    for (const [file, width] of [
      ['api/1.9.5.svg', 128],
      ['never.svg', 136],
    ] as const) {
      const drawn = page.evaluate(
        `new Promise((done) => { const image = new Image(); image.onload = () => done(image.naturalWidth);
          image.onerror = () => done('refused'); image.src = 'http://previews.example.com:${port}/badge/${file}' })`,
      )
      assert.equal(await drawn, width, file)
    }
    await goTo(page, `http://previews.example.com:${port}/badge/api/1.9.5.svg`)
    assert.equal(await page.evaluate('document.documentElement.getAttribute("aria-label")'), 'preview: running')
  } finally {
    await browser.close()
    server.close()
    server.closeAllConnections()
  }
})
