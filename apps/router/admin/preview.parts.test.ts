/** The page of one preview in a real browser: its log as it is written, its forms, and what axe finds. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import type { Event } from '../../shared/preview/event.ts'
import { violationsEverywhere, violationsOf } from '../../testing/harness/axe.ts'
import { goTo, type Page } from '../../testing/harness/browser.ts'
import { serviceRow, volumeRow } from '../../testing/harness/service-row.ts'
import { until } from '../../testing/harness/until.ts'
import { browse } from './browse.ts'
import { bringUp, openBed, steps, token, type Bed } from './harness.ts'

const { container } = steps.created
const T = '2031-01-01T12:00:00.5Z'
const past = [
  `${T} \x1b[32mok\x1b[0m listening`,
  `${T} ERROR no <b>database</b>`,
  `${T}     at connect (/app/db.js:1:2)`,
]

let bed: Bed
let web: Awaited<ReturnType<typeof browse>>
/** Of the page that follows the log. */
let stream: ServerResponse | undefined

before(async () => {
  bed = await openBed({
    LOTAN_GATE: 'password',
    LOTAN_GATE_PASSWORD: 'a-password-of-tests',
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_REPOSITORY: 'acme/shop',
  })
  const url = 'https://git.example.com/acme/shop/pull/2'
  const known = { repository: '', number: 2, title: 'Change the <b>banner</b>', author: 'mei-lin', branch: 'patch-1', base: 'main', sha: 'a41f09c'.padEnd(40, '0'), fork: false, state: 'open', url, updated: 1 } as const
  bed.store.changes.put(known, ['up'], 1)
  bringUp('up', bed)
  bed.reaper((req, res) => {
    const { pathname, searchParams } = new URL(req.url!, 'http://reaper')
    if (pathname === '/figures') return res.end(JSON.stringify({ containers: { [container]: { memory: 2 ** 27 } } }))
    if (pathname === '/watched') return res.end(JSON.stringify({ open: [], updatesAt: null }))
    if (pathname === '/in-force')
      return res.end(JSON.stringify({ settings: [], variables: [{ name: 'A_SECRET', value: null, secret: true, from: 'ENV_ARGS' }] }))
    if (pathname === '/containers/c-db/logs') return res.end(`${T} of the database\n`)
    if (pathname !== `/containers/${container}/logs`) return res.writeHead(404).end('{}')
    const isTimed = searchParams.get('timestamps') === '1'
    const lines = past.map((line) => (isTimed ? line : line.slice(T.length + 1)))
    if (searchParams.get('follow') !== '1') return res.end(`${lines.join('\n')}\n`)
    stream = res
    return res.write(`${lines.join('\n')}\n`)
  })
  web = await browse(bed)
  web.page.setDefaultTimeout(10_000)
}) // prettier-ignore
after(async () => {
  await web?.close()
  await bed?.close()
})

const log = (page = web.page) => page.locator('#lines')
const write = (...lines: string[]) => stream!.write(`${lines.map((line) => `${T} ${line}\n`).join('')}`)

async function open(tag = 'up') {
  stream = undefined
  await goTo(web.page, `${web.address}/previews/${tag}`)
  await until('the page follows the log', () => stream !== undefined)
  await web.page.locator('#count').filter({ hasText: '3 lines' }).waitFor()
}

test('says which change it shows: title, author, branch, and how its image lies to the head', async () => {
  await open()
  const { page } = web
  const links = page.getByRole('link', { name: '#2 Change the <b>banner</b>' })
  assert.equal(await links.count(), 2)
  assert.match((await page.locator('#under').textContent())!, /^#2 Change the <b>banner<\/b> by mei-lin · /)
  const facts = await page.locator('#image').innerText()
  for (const words of ['commit unknown', 'open, by mei-lin', 'patch-1 at a41f09c000'])
    assert.ok(facts.includes(words), facts)
  assert.match(await page.locator('#reasons').innerText(), /It shows #2 Change .* as GitHub tells it\. Of which commit/)
})

test('shows what is written as it is written, with its colours, and errors with their stack', async () => {
  await open()
  write('\x1b[41mfresh\x1b[0m \x1b[2Kline')
  await log().getByText('fresh').waitFor()
  assert.equal(await log().locator('.g1').textContent(), 'fresh')
  assert.equal(await log().locator('.a2').textContent(), 'ok')
  assert.match((await log().textContent())!, /fresh line\n$/)
  assert.deepEqual(await log().locator('.err').evaluateAll((lines) => lines.map((line) => line.textContent!.slice(12, 20))), ['ERROR no', '    at c']) // prettier-ignore
  assert.equal(await log().locator('b').count(), 0)
  assert.match((await web.page.locator('#errors').textContent())!, /2 lines with errors/)
})

test('holds what comes while it is paused, and shows it then', async () => {
  const { page } = web
  await open()
  await page.getByLabel('Pause').check()
  write('first', 'second')
  await page.locator('#held').filter({ hasText: '2' }).waitFor()
  assert.doesNotMatch((await log().textContent())!, /first/)
  await page.getByLabel('Pause').uncheck()
  await log().getByText('second').waitFor()
})

test('finds in the log, marks it, and goes from one to the next by key', async () => {
  const { page } = web
  await open()
  write('A Database', 'other')
  await log().getByText('other').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('database')
  await page.locator('#found').filter({ hasText: '2 of 5 lines' }).waitFor()
  assert.deepEqual(await log().locator('mark').allTextContents(), ['database', 'Database'])
  await page.keyboard.press('Enter')
  assert.match((await page.locator('.current').textContent())!, /ERROR no/)
  await page.keyboard.press('Enter')
  assert.match((await page.locator('.current').textContent())!, /A Database/)
  await page.keyboard.press('Shift+Enter')
  assert.match((await page.locator('.current').textContent())!, /ERROR no/)
  write('one more database')
  await page.locator('#found').filter({ hasText: '3 of 6 lines' }).waitFor()
})

test('keeps 2,000 lines of a flood, follows its end, and says how many it left out', async () => {
  const { page } = web
  await open()
  const count = 40_000
  for (let i = 0; i < count; i += 1_000) write(...Array.from({ length: 1_000 }, (_, k) => `line ${i + k}`))
  await until('the last line is shown', async () => (await log().textContent())!.includes(`line ${count - 1}\n`))
  assert.equal(await log().locator(':scope > span:not(.cut-here)').count(), 2_000)
  const [, skipped] = /(\d+) lines were skipped/.exec((await page.locator('#skipped').textContent())!)!
  assert.ok(Number(skipped) > 0 && Number(skipped) < count)
  await log().getByText('Earlier lines').waitFor({ state: 'attached' })
  const below = () => log().evaluate((pre) => pre.scrollHeight - pre.clientHeight - pre.scrollTop)
  assert.ok((await below()) < 8)
  // A reader's place is left.
  await log().hover()
  await page.mouse.wheel(0, -400)
  await until('it follows no more', async () => !(await page.getByLabel('Follow').isChecked()))
  write('a last one')
  await log().getByText('a last one').waitFor({ state: 'attached' })
  assert.ok((await below()) > 100)
})

test('follows the next start of its container by itself', async () => {
  const { page } = web
  await open()
  stream!.end()
  await page.locator('#stream').filter({ hasText: 'Ended' }).waitFor()
  stream = undefined
  bed.store.apply('up', { type: 'stop', why: 'asked' })
  bed.store.apply('up', { type: 'ending' })
  bed.store.apply('up', { type: 'ended' })
  bed.store.apply('up', { type: 'start', by: 'admin' })
  bringUp('up', bed)
  await until('the log is read again', () => stream !== undefined)
})

test('a preview is pinned for a while, and the page says until when', async () => {
  const { page } = web
  await open()
  await page.locator('#menu-pin > summary').click()
  await page.getByLabel('or for so many days').fill('3')
  await page.locator('#menu-pin').getByRole('button', { name: 'Pin' }).click()
  await page.locator('#state').getByText('pinned until').waitFor()
  const { pin } = bed.store.get('up')!
  assert.ok(Math.abs(pin!.until! - Date.now() - 3 * 86_400_000) < 60_000)
  await page.locator('#menu-pin > summary').click()
  await page.keyboard.press('Escape')
  assert.equal(await page.locator('.menu[open]').count(), 0)
  await page.locator('#menu-pin > summary').click()
  await page.locator('#menu-pin').getByRole('button', { name: 'Unpin' }).click()
  await until('it is unpinned', () => bed.store.get('up')!.pin === null)
})

test('a share link is shown once, listed without itself, and ended', async () => {
  const { page } = web
  await open()
  await page.locator('#menu-share > summary').click()
  await page.getByLabel('A link that needs no login, for').selectOption('1 day')
  await page.getByRole('button', { name: 'Make the link' }).click()
  const link = await page.locator('#made').textContent()
  assert.match(link!, /^http:\/\/up\.previews\.example\.com\/\.lotan\/enter\?share=[\w-]{43}$/)
  const [share] = bed.store.shares.list(Date.now())
  assert.ok(Math.abs(share!.until - Date.now() - 86_400_000) < 60_000)
  await goTo(page, `${web.address}/previews/up`)
  assert.equal(await page.locator('#made').count(), 0)
  assert.ok(!(await page.content()).includes(link!.split('=')[1]!))
  await page.getByRole('button', { name: `End the link ${share!.id}` }).click()
  await page.getByText('None. Share, above').waitFor()
  assert.deepEqual(bed.store.shares.list(Date.now()), [])
})

test('a bug is kept under a name, and its page says of what it is a copy', async () => {
  const { page } = web
  await open()
  await page.locator('#menu-copy > summary').click()
  await page.getByLabel('A copy of its own, called').fill('bug-12')
  // The answer, which a click waits for, comes once it is made.
  const clicked = page.getByRole('button', { name: 'Keep this bug' }).click()
  await until('it is asked for', () => bed.store.copies.find('up~bug-12') !== undefined)
  const wish = bed.store.copies.find('up~bug-12')!
  const image = { ...bed.store.get('up')!.image!, pulled: false }
  bed.store.copies.made(wish, { image, volumes: [], salt: undefined, trusted: true, frozen: 0 })
  await clicked
  await page.waitForURL(`${web.address}/previews/up--as-bug-12`)
  assert.match((await page.locator('#under').textContent())!, /^Kept from up /)
  await page.locator('#menu-copy > summary').click()
  await page.getByLabel('A copy of its own, called').fill('bug-12')
  await page.getByRole('button', { name: 'Clone it' }).click()
  await page.getByText('up--as-bug-12 is there already').waitFor()
  bed.store.apply('up~bug-12', { type: 'remove' })
  bed.store.apply('up~bug-12', { type: 'removed' })
})

test('tells times in its reader’s zone', async () => {
  const context = await web.page.context().browser()!.newContext({ timezoneId: 'Asia/Tokyo' })
  const page = await context.newPage()
  await goTo(page, `${web.address}/login?token=${token}`)
  await goTo(page, `${web.address}/previews/up`)
  await page.getByText('Times are in Asia/Tokyo').waitFor()
  await log(page).getByText('21:00:00.500').first().waitFor()
  await context.close()
})

test('works without script: the log is found in, and forms lead back', async () => {
  const context = await web.page.context().browser()!.newContext({ javaScriptEnabled: false })
  const page: Page = await context.newPage()
  await goTo(page, `${web.address}/login?token=${token}`)
  await goTo(page, `${web.address}/previews/up`)
  await page.getByLabel('Find in the log').fill('DATABASE')
  await page.keyboard.press('Enter')
  await page.getByText('1 of 3 lines').waitFor()
  assert.deepEqual(await log(page).locator('mark').allTextContents(), ['database'])
  // It is hidden by the style, which may come after the text.
  await page.getByText('Follow').waitFor({ state: 'hidden' })
  await page.locator('#menu-more > summary').click()
  await page.locator('#menu-more').getByRole('button', { name: 'Look for a newer image' }).click()
  assert.equal(new URL(page.url()).pathname, '/previews/up')
  assert.equal(bed.store.history('up')[0]!.event, 'refresh')
  await context.close()
})

test('the whole log comes as a file, as it was written', async () => {
  const headers = { Cookie: await bed.cookie() }
  const answer = await bed.open('/previews/up/log.txt', { headers })
  assert.equal(answer.headers['content-disposition'], 'attachment; filename=up.log.txt')
  assert.match(answer.headers['content-type']!, /^text\/plain/)
  assert.match(await text(answer), /^\x1b\[32mok\x1b\[0m listening\nERROR no <b>database<\/b>\n/)
  assert.equal((await bed.ask('/previews/none/log.txt', { headers })).status, 404)
  bed.store.apply('waits', { type: 'start', by: 'visit' })
  const none = await bed.ask('/previews/waits/log.txt', { headers })
  assert.equal(none.status, 404)
  assert.match(none.text, /waits has no container now/)
})

test('has nothing that axe finds, at any width, with its menus open too, and asks for nothing that its policy forbids', async () => {
  const { page, errors } = web
  const failing: Event[] = [
    { type: 'start', by: 'visit' },
    steps.absent,
    steps.pull,
    { type: 'fail', reason: { code: 'no-answer', detail: 'none', output: ['a line'] } },
  ]
  for (const event of failing) bed.store.apply('gone', event)
  await open()
  const wrong = await violationsEverywhere(page)
  for (const menu of ['menu-share', 'menu-pin', 'menu-more']) {
    await page.locator(`#${menu} > summary`).click()
    wrong.push(...(await violationsOf(page)).map((one) => `${menu} ${one}`))
  }
  await goTo(page, `${web.address}/previews/gone`)
  await page.getByRole('heading', { name: 'gone does not answer' }).waitFor()
  wrong.push(...(await violationsEverywhere(page)))
  assert.deepEqual(wrong, [])
  assert.deepEqual(errors, [])
})

test('has the services and the data of its stack, why one is started again, and the log of each', async () => {
  const { page, errors } = web
  const { store } = bed
  const now = Date.now()
  bringUp('stacked', bed)
  await open('stacked')
  assert.equal(await page.locator('#stack, #whose').getByRole('link').count(), 0)
  const reason = { code: 'service-exited', detail: '', exitCode: 1, service: 'db' } as const
  const dies = { state: 'restarting', crashes: 2, since: now, restartAt: now + 50_000, reason } as const
  store.services.put(serviceRow('stacked', 'db', { container: 'c-db', ...dies }))
  store.services.put(serviceRow('stacked', 'mail', { place: 1, container: null, state: 'waiting', label: 'stacked--to-mail' }))
  store.volumes.add(volumeRow('stacked', 'data', { bytes: 48_200_000, measuredAt: now }))
  const row = (name: string) => page.getByRole('row', { name })
  await row('db').waitFor()
  const words = async (name: string) => (await row(name).innerText()).replaceAll(/\s+/g, ' ')
  assert.match(await words('db'), /^db , its log restarting for \d+ s ended with exit code 1, 2 times in a row, starts again in \d+ s – db:1$/)
  assert.match(await words('data'), /^data 48\.2 MB measured now$/)
  const mail = page.getByRole('link', { name: 'Open mail in a new tab' })
  assert.equal(await mail.getAttribute('href'), 'http://stacked--to-mail.previews.example.com/')

  await page.getByRole('link', { name: 'db , its log' }).click()
  await log().filter({ hasText: 'of the database' }).waitFor()
  await page.locator('#stream', { hasText: 'Ended' }).waitFor()
  const whose = page.getByRole('navigation', { name: 'Whose log' })
  assert.deepEqual(await whose.getByRole('link').allInnerTexts(), ['Application', 'db', 'mail'])
  assert.equal(await whose.locator('[aria-current]').innerText(), 'db')
  // What is read again with the rest of the page is of the same service, and so is what is found and downloaded.
  store.services.change('stacked', 'db', { state: 'running', since: now - 60_000, restartAt: null, reason: null })
  await row('running for 1 min').waitFor()
  assert.equal(await whose.locator('[aria-current]').innerText(), 'db')
  assert.match((await log().textContent())!, /of the database/)
  assert.deepEqual(await violationsEverywhere(page), [])
  await page.getByRole('searchbox').fill('database')
  await page.getByRole('searchbox').press('Enter')
  assert.match(await page.locator('#found').innerText(), /^1 of 1 lines$/)
  const file = await bed.ask('/previews/stacked/log.txt?service=db', { headers: { Cookie: await bed.cookie() } })
  assert.equal(file.headers['content-disposition'], 'attachment; filename=stacked-db.log.txt')
  assert.match(file.text, /of the database/)
  const none = await bed.ask('/previews/stacked/log.txt?service=none', { headers: { Cookie: await bed.cookie() } })
  assert.deepEqual([none.status, /stacked has no such service; it has db, mail\./.test(none.text)], [404, true])
  assert.deepEqual(errors, [])
}) // prettier-ignore
