/** What API, stream and explanation tell of changes, each answer held against the description. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Caller } from '../access/caller.ts'
import type { Change } from '../../shared/forge/change.ts'
import { splitId } from '../../shared/preview/preview-id.ts'
import { until } from '../../testing/harness/until.ts'
import { bearer, bringUp, openBed, steps } from '../admin/harness.ts'
import { describedOf } from '../api/harness.ts'
import { openChanges } from './open-changes.ts'

const caller: Caller = { via: 'token', can: 'admin', who: 'admin', sees: () => true }
const bed = await openBed(
  {
    REPOSITORY: 'registry.example.com/app',
    LOTAN_REPOSITORIES: 'api=registry.example.com/api',
    LOTAN_FORGE: 'github',
    LOTAN_FORGE_REPOSITORY: 'acme/shop',
    LOTAN_FORGE_TAG: 'pr-{number} {branch}',
  },
  () => ({ ...caller }),
)
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)

const head = 'a41f09c'.padEnd(40, '0')
const change = (number: number, more: Partial<Change> = {}): Change => ({
  ...{ repository: '', number, title: `Title ${number}`, author: 'anna', branch: `branch-${number}`, base: 'trunk' },
  ...{ sha: head, fork: false, state: 'open', url: `https://git.example.com/pull/${number}` },
  ...{ updated: number, ...more },
})
const put = (number: number, tags: string[], more: Partial<Change> = {}) =>
  store.changes.put(change(number, more), tags, 1)

function bringUpOf(tag: string, revision: string) {
  const { image } = steps.pulled
  const labels = { 'org.opencontainers.image.revision': revision }
  store.apply(tag, { type: 'start', by: 'admin' })
  for (const event of Object.values(steps))
    store.apply(tag, event.type === 'pulled' ? { ...event, image: { ...image, labels } } : event)
}

put(1, ['pr-1', 'branch-1'], { title: 'Change <b>the</b> banner', author: 'mei-lin' })
put(2, ['pr-2', 'branch-2'], { fork: true, branch: 'patch-1' })
put(3, ['pr-3'], { state: 'merged' })
put(4, [], { title: 'Without a tag' })
put(1, ['pr-1'], { repository: 'api', title: 'Of the API' })
bringUpOf('pr-1', head)
bringUp('main', bed)
store.changes.noteImage('branch-2', { digest: 'sha256:b', revision: 'c0ffee', bytes: null, created: null })

const changes = async (query = '') => (await described('GET', `/changes${query}`)).json as any[]
const names = (told: any[]) => told.map(({ repository, number }) => `${repository}#${number}`)

test('changes are listed with the previews that show them, open ones first', async () => {
  const told = await changes()
  assert.deepEqual(names(told), ['#4', '#2', '#1', 'api#1', '#3'])
  assert.deepEqual(told[2], {
    ...{ repository: '', number: 1, title: 'Change <b>the</b> banner', author: 'mei-lin', branch: 'branch-1' },
    ...{ sha: head, fork: false, state: 'open', url: 'https://git.example.com/pull/1' },
    ...{ tag: 'pr-1', preview: 'running', revision: head, behind: 0 },
  })
  // The second choice has an image.
  assert.deepEqual([told[1].tag, told[1].preview, told[1].revision, told[1].behind], ['branch-2', null, 'c0ffee', null])
  assert.deepEqual([told[0].tag, told[3].tag], [null, 'pr-1'])
})

test('changes are filtered, found, sorted and paged as other lists are', async () => {
  assert.deepEqual(names(await changes('?state=merged,closed')), ['#3'])
  for (const [q, found] of [
    ['%231', ['#1', 'api#1']],
    ['MEI', ['#1']],
    ['patch-1', ['#2']],
    ['branch-2', ['#2']],
    ['banner', ['#1']],
  ] as const)
    assert.deepEqual(names(await changes(`?q=${q}`)), found, q)
  assert.deepEqual(names(await changes('?sort=-number')), ['#4', '#3', '#2', 'api#1', '#1'])
  const pages: string[] = []
  for (let uri: string | undefined = '/changes?limit=2'; uri;) {
    const { json, headers } = await described('GET', uri)
    pages.push(names(json as any[]).join(' '))
    uri = /<\/api\/v1([^>]+)>; rel="next"/.exec(String(headers.link))?.[1]
  }
  assert.deepEqual(pages, ['#4 #2', '#1 api#1', '#3'])
  assert.equal((await bed.api('/changes?state=draft')).status, 400)
})

test('a token hears of the changes whose tag it is for', async () => {
  caller.sees = (id) => splitId(id).repository === '' && /^branch-/.test(id)
  assert.deepEqual(names(await changes()), ['#2'])
  caller.sees = () => true
})

test('streams tell when a change becomes another one', async () => {
  const stream = await bed.open('/api/v1/previews/pr-1/events', { headers: bearer })
  let said = ''
  stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until('it tells', () => said.includes('banner'))
  put(1, ['pr-1', 'branch-1'], { title: 'Renamed', updated: 2 })
  await until('it tells of the new title', () => said.includes('"title":"Renamed"'))
  stream.destroy()
})

test('a preview tells of the change that it shows, and its list asks once for all of them', async () => {
  const { json } = await described('GET', '/previews/pr-1')
  const { title, behind } = json.change
  assert.deepEqual([json.revision, title, behind], [head, 'Renamed', 0])
  put(1, ['pr-1', 'branch-1'], { sha: 'd'.repeat(40), updated: 9 })
  const behindOf = async () => (await described('GET', '/previews/pr-1')).json.change.behind
  assert.equal(await behindOf(), null)
  store.changes.noteBehind({ repository: '', number: 1 }, { revision: head, sha: 'd'.repeat(40), commits: 2 })
  assert.equal(await behindOf(), 2)
  assert.equal((await described('GET', '/previews/main')).json.change, null)

  bringUp('api/pr-1', bed)
  const ofPreview = store.changes.ofPreview
  store.changes.ofPreview = () => assert.fail('it asks for each')
  const list = (await described('GET', '/previews')).json as any[]
  assert.deepEqual(list.map(({ tag, change }) => [tag, change?.title ?? null]), [['main', null], ['pr-1', 'Title 1'], ['pr-1', 'Of the API']]) // prettier-ignore
  assert.deepEqual(names((await described('GET', '/previews?q=of%20the%20api')).json as any[]).length, 1)
  store.changes.ofPreview = ofPreview
})

test('visitors read on the waiting page, and on the page about a preview, which change it shows', async () => {
  const visit = (path: string) =>
    bed.door(path, { 'X-Host': `branch-1.${bed.config.domain}`, 'X-Uri': '/', Accept: 'text/html', 'X-Method': 'GET' })
  put(1, ['pr-1', 'branch-1'], { title: 'Change <b>the</b>\nbanner', author: 'mei-lin', updated: 20 })
  const line =
    /<p class="muted change">.*#1 <bdi>Change &lt;b&gt;the&lt;\/b&gt; banner<\/bdi>.*, by <bdi>mei-lin<\/bdi>/
  const waiting = await visit('/answer')
  assert.equal(waiting.status, 503)
  for (const page of [waiting, await visit('/about')]) assert.match(page.text, line)
  assert.equal(store.get('branch-1'), undefined)
})

test('without a forge there are no changes, and nothing is asked for them', async () => {
  const { config } = bed.context
  const none = openChanges({ config: { ...config, forge: null }, store: {} as never })
  assert.deepEqual([none.of('pr-1'), none.all()('pr-1')], [null, null])
})
