/** What visitors read where there are several repositories: which preview is meant, and whose. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bringUp, domain, openBed, type Bed } from '../admin/harness.ts'

const browser = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }

let bed: Bed
before(async () => {
  bed = await openBed({ REPOSITORY: 'reg.example.com/shop', LOTAN_REPOSITORIES: 'api=reg.example.com/team/backend' })
  bed.store.offer('', [{ tag: 'pr-30', digest: null }])
  bed.store.offer('api', [{ tag: 'pr-32', digest: null }])
})
after(() => bed?.close())

const ask = (label: string, headers: Record<string, string> = browser, path = '/answer') =>
  bed.door(path, { 'X-Host': `${label}.${domain}`, ...headers })
/** Heading, brand and title, without markup. */
const headOf = ({ text }: { text: string }) => {
  const plain = (html?: string) => html?.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ').trim() // prettier-ignore
  const [h1, brand, title] = [/<h1>(.*?)<\/h1>/s, /<p class="brand">(.*?)<\/p>/s, /<title>(.*?)<\/title>/].map((part) =>
    plain(part.exec(text)?.[1]),
  )
  return { h1, brand, title }
}

function miss(id: string) {
  bed.store.apply(id, { type: 'start', by: 'visit' })
  for (const event of [{ type: 'absent', isOffered: false }, { type: 'missing' }] as const) bed.store.apply(id, event)
}

test('the waiting page says of which repository the preview is, and is headed by what that builds', async () => {
  for (const id of ['api/pr-7', 'pr-7']) bed.store.apply(id, { type: 'start', by: 'visit' })
  assert.deepEqual(headOf(await ask('pr-7.api')), {
    h1: 'Getting pr-7 of api ready',
    brand: 'backend previews',
    title: 'Next · pr-7 of api',
  })
  assert.deepEqual(headOf(await ask('pr-7')), {
    h1: 'Getting pr-7 ready',
    brand: 'shop previews',
    title: 'In line, 1 before you · pr-7',
  })
  const { json } = await ask('pr-7.api', {})
  assert.deepEqual([json.repository, json.tag, json.state], ['api', 'pr-7', 'queued'])
})

test('a failure leads to the page of that preview', async () => {
  bed.store.apply('api/pr-9', { type: 'start', by: 'visit' })
  bed.store.apply('api/pr-9', { type: 'fail', reason: { code: 'wrong-port', detail: '', port: 80 } })
  const page = await ask('pr-9.api')
  assert.equal(headOf(page).h1, 'pr-9 of api listens on another port')
  assert.match(page.text, new RegExp(`href="http://${domain}/repositories/api/previews/pr-9"`))
})

test('close names are those of the same repository', async () => {
  for (const id of ['pr-31', 'api/pr-31']) miss(id)
  const nearOf = ({ text }: { text: string }) =>
    [...text.matchAll(/<li><a class="button" href="([^"]*)"/g)].map(([, to]) => to)
  const named = await ask('pr-31.api')
  assert.equal(headOf(named).h1, 'There is no pr-31 of api yet')
  assert.deepEqual(nearOf(named), [`http://pr-32.api.${domain}/`])
  assert.deepEqual(nearOf(await ask('pr-31')), [`http://pr-30.${domain}/`])
})

test('a host below a name that is no repository says so, and how a host is written', async () => {
  const page = await ask('pr-7.nope')
  assert.equal(page.status, 404)
  assert.match(page.text, /There is no repository <b>nope<\/b> here, so there is nothing to start\./)
  assert.match(page.text, new RegExp(`<code>TAG.${domain}</code> or <code>TAG.NAME.${domain}</code>`))
  const { json } = await ask('pr-7.nope', {})
  assert.equal(json.detail, 'No container tag. There is no repository nope here.')
})

test('the page about a preview names it', async () => {
  bringUp('api/pr-1', bed)
  assert.deepEqual(headOf(await ask('pr-1.api', browser, '/about')), {
    h1: 'pr-1 of api',
    brand: 'backend previews',
    title: 'About pr-1 of api · backend',
  })
})
