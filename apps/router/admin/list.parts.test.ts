/** The list in a real browser: in place, by keyboard, and with nothing that moves under a person's hand. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Change } from '../../shared/forge/change.ts'
import { until } from '../../testing/harness/until.ts'
import { violationsEverywhere, violationsOf } from '../../testing/harness/axe.ts'
import { goTo } from '../../testing/harness/browser.ts'
import { browse } from './browse.ts'
import { bringUp, openBed, steps, type Bed } from './harness.ts'

let bed: Bed
let web: Awaited<ReturnType<typeof browse>>

before(async () => {
  bed = await openBed({ LOTAN_FORGE: 'github', LOTAN_FORGE_REPOSITORY: 'acme/shop', LOTAN_FORGE_FORKS: 'open' })
  for (const tag of ['pr-1', 'pr-2', 'pr-3', 'main']) bringUp(tag, bed)
  const container = steps.created.container
  bed.reaper((req, res) => {
    if (req.url === '/figures') return res.end(JSON.stringify({ containers: { [container]: { memory: 2 ** 27 } } }))
    return res.writeHead(503).end('{}')
  })
  web = await browse(bed)
})
after(async () => {
  await web?.close()
  await bed?.close()
})

const url = 'https://git.example.com/acme/shop/pull/2'
const change = (more: Partial<Change> = {}): Change => ({
  ...{
    repository: '',
    number: 2,
    title: 'Change the <b>banner</b>',
    author: 'mei-lin',
    branch: 'banner',
    base: 'main',
  },
  ...{ sha: 'a41f09c'.padEnd(40, '0'), fork: false, state: 'open', url, updated: 1, ...more },
})
const row = (tag: string) => web.page.locator(`tr[data-tag="${tag}"]`)
const tags = () => web.page.locator('tbody tr').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-tag')))
const stateOf = (tag: string) => bed.store.get(tag)?.state
const said = (text: string) => web.page.locator('#said').filter({ hasText: text }).waitFor()

test('stops a preview in its row, says so, and takes it back', async () => {
  const { page } = web
  await goTo(page, `${web.address}/`)
  await row('pr-2').hover()
  await row('pr-2').getByRole('button', { name: 'Stop pr-2' }).click()
  await said('pr-2 stops. Its image stays.')
  await row('pr-2').getByText('stopping', { exact: true }).waitFor()
  assert.equal(stateOf('pr-2'), 'stopping')
  await page.getByRole('button', { name: 'Undo' }).click()
  await said('pr-2 starts.')
  await row('pr-2').getByText('running', { exact: true }).waitFor()
  assert.equal(stateOf('pr-2'), 'running')
})

test('removes one from its menu only after a while, in which that may be taken back', async () => {
  const { page } = web
  await row('pr-3').getByRole('link', { name: 'More for pr-3' }).click()
  await page.getByRole('group', { name: 'More for pr-3' }).getByRole('button', { name: 'Remove' }).click()
  await said('pr-3 goes in 10\u00a0s')
  await row('pr-3')
    .getByText(/Goes in \d+\s*s/)
    .waitFor()
  assert.equal(stateOf('pr-3'), 'running')
  assert.ok(bed.store.get('pr-3')!.removeAt! > Date.now())
  await page.getByRole('button', { name: 'Undo' }).click()
  await said('pr-3 stays.')
  assert.equal(bed.store.get('pr-3')!.removeAt, null)
})

test('acts on all that are selected', async () => {
  const { page } = web
  await page.getByLabel('Select pr-1').check()
  await page.getByLabel('Select main').check()
  await page.locator('#bulk').getByRole('button', { name: 'Pin', exact: true }).click()
  await said('2 previews are pinned')
  assert.deepEqual(
    ['pr-1', 'pr-2', 'main'].map((tag) => bed.store.get(tag)?.pin),
    [{ until: null }, null, { until: null }],
  )
  await row('pr-2').getByRole('link', { name: 'More for pr-2' }).click()
  await page.getByRole('button', { name: 'Pin for a day' }).click()
  await said('pr-2 is pinned')
  const left = bed.store.get('pr-2')!.pin!.until! - Date.now()
  assert.ok(left > 23 * 3_600_000 && left <= 24 * 3_600_000, `${left} ms`)
  assert.equal(await page.locator('tbody .tick :checked').count(), 0)
  await page.getByLabel('Select all shown').check()
  assert.equal(await page.locator('tbody .tick :checked').count(), 4)
  await page.locator('#bulk').getByRole('button', { name: 'Clear' }).click()
  assert.equal(await page.locator('tbody .tick :checked').count(), 0)
})

test('finds as one types, by the state’s name too, and keeps the place for a reload', async () => {
  const { page } = web
  await page.keyboard.press('/')
  await page.keyboard.type('pr-')
  await until('the others are gone', async () => (await tags()).join() === 'pr-1,pr-2,pr-3')
  assert.equal(new URL(page.url()).search, '?q=pr-')
  await page.keyboard.press('Escape')
  await until('all are back', async () => (await tags()).length === 4)
  bed.store.apply('lost', { type: 'start', by: 'visit' })
  bed.store.apply('lost', { type: 'fail', reason: { code: 'credentials', detail: '' } })
  await page.keyboard.press('/')
  await page.keyboard.type('failed')
  await until('the failed one is found', async () => (await tags()).join() === 'lost')
  await page.keyboard.press('Escape')
  await until('what failed stands first', async () => (await tags()).length === 5 && (await tags())[0] === 'lost')
})

test('shows what a preview’s change is called, as the forge has it now, and finds it by that and by its author', async () => {
  const { page } = web
  bed.store.changes.put(change(), ['pr-2'], 1)
  const link = row('pr-2').getByRole('link', { name: '#2 Change the <b>banner</b>' })
  await link.waitFor()
  assert.equal(await link.getAttribute('href'), url)
  await page.keyboard.press('/')
  await page.keyboard.type('MEI-l')
  await until('it alone is found', async () => (await tags()).join() === 'pr-2')
  bed.store.changes.put(change({ title: 'Change it', state: 'merged', updated: 2 }), ['pr-2'], 1)
  await row('pr-2').getByRole('link', { name: '#2 Change it' }).waitFor()
  await row('pr-2').getByText('merged', { exact: true }).waitFor()
  assert.match(
    (await row('pr-2').locator('.change').getAttribute('title'))!,
    /#2 Change it, by mei-lin; merged, banner;/,
  )
  bed.store.changes.put(change({ title: 'שלום', updated: 3 }), ['pr-2'], 1)
  await page.keyboard.press('Escape')
  await until('all are back', async () => (await tags()).length === 5)
})

test('keys go through the rows, open the menu and lead to the details', async () => {
  const { page } = web
  const name = () => page.evaluate('document.activeElement.textContent.trim()')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  const second = (await tags())[1]
  assert.equal(await name(), second)
  await page.keyboard.press('x')
  assert.equal(await page.getByLabel(`Select ${second}`).isChecked(), true)
  await page.keyboard.press('x')
  await row(second).locator('.name').focus()
  await page.keyboard.press('m')
  assert.equal(await name(), 'Open in a new tab')
  await page.keyboard.press('ArrowDown')
  assert.equal(await name(), 'Details and log')
  await page.keyboard.press('Escape')
  assert.equal(await name(), second)
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.getByRole('dialog').getByLabel('Keys are on').uncheck()
  await page.keyboard.press('Escape')
  await page.locator('body').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('/')
  assert.notEqual(await page.evaluate('document.activeElement.id'), 'q')
  await page.keyboard.press('?')
  await page.getByRole('dialog').getByLabel('Keys are on').check()
  await page.keyboard.press('Escape')
})

test('moves no row while a person aims at one, and then puts all in their order', async () => {
  const { page } = web
  await row('main').hover()
  await page.mouse.move(200, 400)
  const before = await tags()
  bed.store.apply('new-one', { type: 'start', by: 'visit' })
  bed.store.apply('pr-1', { type: 'stop', why: 'asked' })
  // What changes in a row is shown where it is.
  await row('pr-1').getByText('stopping', { exact: true }).waitFor()
  assert.deepEqual(await tags(), before)
  await page.mouse.move(5, 5)
  await until('the order is right', async () => {
    const now = await tags()
    return now.includes('new-one') && now.indexOf('pr-1') < now.indexOf('main')
  })
})

test('adds a tag beside its field, which says what is no tag', async () => {
  const { page } = web
  await page.getByLabel('Add a tag').fill('no tag')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('alert').filter({ hasText: 'That is no tag.' }).waitFor()
  await page.getByLabel('Add a tag').fill('pr-77')
  await page.getByRole('button', { name: 'Add' }).click()
  await said('pr-77 starts.')
  await row('pr-77').waitFor()
  assert.equal(await page.getByLabel('Add a tag').inputValue(), '')
  assert.equal(await page.locator('#problem').textContent(), '')
})

test('axe finds nothing, with a menu open neither, on a desk, a tablet and a phone, in the light and in the dark', async () => {
  const { page } = web
  assert.deepEqual(await violationsEverywhere(page), [])
  await page.setViewportSize({ width: 1280, height: 900 })
  await row('pr-2').getByRole('link', { name: 'More for pr-2' }).click()
  assert.deepEqual(await violationsOf(page), [])
  assert.deepEqual(web.errors, [])
})
