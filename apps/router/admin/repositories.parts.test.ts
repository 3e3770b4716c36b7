/** The admin with the same tag in three repositories: each row, page and form is about the preview that it names. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import { violationsEverywhere } from '../../testing/harness/axe.ts'
import { goTo } from '../../testing/harness/browser.ts'
import { until } from '../../testing/harness/until.ts'
import { browse } from './browse.ts'
import { bringUp, domain, openBed, steps, type Bed } from './harness.ts'

const SEVERAL = {
  REPOSITORY: 'reg.example.com/team/shop',
  LOTAN_REPOSITORIES: 'api=reg.example.com/team/api docs=other.example.com/team/docs',
  TAG_FILTER_API: '^pr',
}

let bed: Bed
let web: Awaited<ReturnType<typeof browse>>
before(async () => {
  bed = await openBed(SEVERAL)
  for (const repository of ['', 'api', 'docs']) bringUp(idOf({ repository, tag: 'pr-7' }), bed)
  bringUp('main', bed)
  bed.store.offer('', [{ tag: 'pr-100', digest: null }])
  bed.store.offer('api', [
    { tag: 'pr-6', digest: null },
    { tag: 'main', digest: null },
  ])
  bed.reaper((req, res) => {
    if (req.url === '/figures') return res.end('{}')
    if (!req.url!.startsWith(`/containers/${steps.created.container}/logs`)) return res.writeHead(503).end('{}')
    // A page that follows it is told of it as long as it is open.
    return req.url!.includes('follow=1') ? res.write('2031-01-01T12:00:00Z listening\n') : res.end()
  })
  web = await browse(bed)
  web.page.setDefaultTimeout(10_000)
})
after(async () => {
  await web?.close()
  await bed?.close()
})

const stateOf = (id: PreviewId) => bed.store.get(id)?.state
const ids = () => web.page.locator('tbody tr').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-tag')))
const shows = (...wanted: PreviewId[]) => until(wanted.join(), async () => (await ids()).join() === wanted.join())
const said = (text: string) => web.page.locator('#said').filter({ hasText: text }).waitFor()
const name = (id: PreviewId) => web.page.getByRole('link', { name: id, exact: true })

describe('the list', () => {
  test('stops the preview of the row, and takes that back', async () => {
    const { page } = web
    await goTo(page, `${web.address}/`)
    await page.getByRole('button', { name: 'Stop api/pr-7', exact: true }).click()
    await said('api/pr-7 stops. Its image stays.')
    assert.deepEqual(['pr-7', 'api/pr-7', 'docs/pr-7'].map(stateOf), ['running', 'stopping', 'running'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await said('api/pr-7 starts.')
    assert.equal(stateOf('api/pr-7'), 'running')
  })

  test('acts on those that are selected, and on no other of the same tag', async () => {
    const { page } = web
    await page.getByLabel('Select api/pr-7').check()
    await page.getByLabel('Select main').check()
    await page.locator('#bulk').getByRole('button', { name: 'Pin', exact: true }).click()
    await said('2 previews are pinned')
    const pinned = bed.store.list().filter(({ pin }) => pin)
    assert.deepEqual(pinned.map(idOf).sort(), ['api/pr-7', 'main'])
  })

  test('finds by repository, shows one alone, and sorts equal tags beside each other', async () => {
    const { page } = web
    await goTo(page, `${web.address}/?sort=tag`)
    await shows('main', 'pr-7', 'api/pr-7', 'docs/pr-7')
    await page.keyboard.press('/')
    await page.keyboard.type('api/')
    await shows('api/pr-7')
    await page.keyboard.press('Escape')
    const chips = page.getByRole('list', { name: 'Only of one repository' })
    await chips.getByRole('link', { name: 'shop 2' }).click()
    await page.waitForURL(`${web.address}/?of=repository&sort=tag`)
    await shows('main', 'pr-7')
    await page.keyboard.press('/')
    await page.keyboard.type('pr-7')
    await shows('pr-7')
    await chips.getByRole('link', { name: 'docs 1' }).click()
    await shows('docs/pr-7')
  })

  test('adds a tag of the repository that is chosen, with suggestions of its own', async () => {
    const { page } = web
    await goTo(page, `${web.address}/`)
    const field = page.getByLabel('Add a tag')
    const suggested = () =>
      page.evaluate<string[]>("[...document.querySelector('#add').list.options].map(({ value }) => value)")
    assert.deepEqual(await suggested(), ['pr-100'])
    await page.getByLabel('Of the repository').selectOption('api')
    assert.deepEqual(await suggested(), ['pr-6'])
    await field.fill('main')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('alert').filter({ hasText: 'the setting TAG_FILTER_API does not let it through' }).waitFor()
    await field.fill('pr-6')
    await page.getByRole('button', { name: 'Add' }).click()
    await said('api/pr-6 starts.')
    await name('api/pr-6').waitFor()
  })

  test('understands a preview’s whole name, and names the repositories where there is none such', async () => {
    const { page } = web
    const field = page.getByLabel('Add a tag')
    await field.fill('nope/pr-1')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('alert').filter({ hasText: 'There is no repository nope: they are api, docs.' }).waitFor()
    await field.fill('docs/pr-1')
    await page.getByRole('button', { name: 'Add' }).click()
    await said('docs/pr-1 starts.')
    assert.deepEqual(['pr-1', 'api/pr-1', 'docs/pr-1'].map(stateOf), [undefined, undefined, 'queued'])
  })

  test('axe finds nothing', async () => {
    assert.deepEqual(await violationsEverywhere(web.page), [])
    assert.deepEqual(web.errors, [])
  })
})

describe('the page of one preview', () => {
  test('is at its repository, and its log and events too', async () => {
    const { page } = web
    const asked = ['logs', 'events'].map((what) =>
      page.waitForRequest((request) => new URL(request.url()).pathname === `/api/v1/repositories/api/previews/pr-7/${what}`),
    )
    await goTo(page, `${web.address}/?of=api`)
    await name('api/pr-7').click()
    await page.getByRole('heading', { name: 'api/pr-7', level: 1 }).waitFor()
    await Promise.all(asked)
    await page.locator('#lines').filter({ hasText: 'listening' }).waitFor()
    assert.match(await page.title(), /^api\/pr-7, running/)
    assert.equal(await page.locator('#address').getAttribute('href'), `http://pr-7.api.${domain}/`)
    assert.deepEqual(await violationsEverywhere(page), [])
    await page.getByRole('link', { name: 'api', exact: true }).click()
    await until('those of api', async () => (await ids()).every((id) => id!.startsWith('api/')))
  }) // prettier-ignore

  test('its forms are about it, and lead back to it', async () => {
    const { page } = web
    await goTo(page, `${web.address}/repositories/docs/previews/pr-7`)
    await page.locator('#menu-pin summary').click()
    await page.locator('#menu-pin').getByRole('button', { name: 'Pin', exact: true }).click()
    await page.locator('#state').filter({ hasText: 'pinned until' }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/repositories/docs/previews/pr-7')
    assert.deepEqual(['pr-7', 'docs/pr-7'].map((id) => bed.store.get(id)!.pin === null), [true, false]) // prettier-ignore
    await page.locator('#menu-more summary').click()
    await page.locator('#menu-more').getByRole('button', { name: 'Remove' }).click()
    await page.waitForURL(`${web.address}/`)
    assert.ok(bed.store.get('docs/pr-7')!.removeAt !== null && bed.store.get('pr-7')!.removeAt === null)
  })

  test('is at no other address', async () => {
    const headers = { Cookie: await bed.cookie(), 'Sec-Fetch-Site': 'same-origin' }
    for (const [path, status] of [
      ['/repositories/api/previews/pr-7', 200],
      ['/repositories/nope/previews/pr-7', 404],
      ['/repositories/api/previews/main', 404],
      ['/previews/api%2Fpr-7', 404],
      ['/repositories/api%2Fx/previews/pr-7', 404],
    ] as const)
      assert.equal((await bed.ask(path, { headers })).status, status, path)
    const { text } = await bed.ask('/repositories/nope/previews/pr-7', { headers })
    assert.match(text, /There is no such repository<.*Here are shop, api, docs\./s)
    for (const path of ['/repositories/nope/previews/pr-7/start', '/previews/api%2Fpr-7/stop']) {
      assert.equal((await bed.ask(path, { method: 'POST', headers })).status, 404, path)
      assert.equal(stateOf('api/pr-7'), 'running')
    }
    assert.deepEqual(bed.store.list().filter(({ repository }) => repository === 'nope'), []) // prettier-ignore
  })
})

test('without a nameless repository the first is meant, and addresses say so', async () => {
  const other = await openBed({ LOTAN_REPOSITORIES: SEVERAL.LOTAN_REPOSITORIES })
  try {
    const headers = { Cookie: await other.cookie(), 'Sec-Fetch-Site': 'same-origin' }
    const empty = await other.ask('/', { headers })
    assert.match(empty.text, new RegExp(`http://pr-1\\.api\\.${domain}/`))
    const form = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }
    const added = await other.ask('/previews', { method: 'POST', headers: form, body: 'tag=pr-3' })
    assert.equal(added.status, 303)
    assert.deepEqual(other.store.list().map(idOf), ['api/pr-3'])
  } finally {
    await other.close()
  }
})
