import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FREE } from '../shared/forge/standing.ts'
import { openLog } from '../shared/log.ts'
import type { Event } from '../shared/preview/event.ts'
import { fresh, type Preview } from '../shared/preview/preview.ts'
import { openRegistry } from '../shared/registry/registry.ts'
import { until } from '../testing/harness/until.ts'
import { checkUpdates } from './check-updates.ts'

test('what the registry says of a tag is noted, and asked of no tag that Lotan has not pulled or may not start', async () => {
  const digest = (n: number) => `sha256:${String(n).repeat(64)}`
  const asked = new Set<string>()
  const server = http.createServer((req, res) => {
    asked.add(`${req.method} ${req.url}`)
    res.setHeader('Docker-Content-Digest', /(same|again)$/.test(req.url!) ? digest(1) : digest(2))
    res.setHeader('Content-Type', 'application/vnd.docker.distribution.manifest.v2+json')
    res.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const image = { id: 'a', digest: digest(1), bytes: 1, created: null, labels: {}, ports: [] }
  const named = (tag: string, pulled: boolean): Preview => ({
    ...fresh,
    repository: '',
    tag,
    since: 0,
    image: { ...image, pulled },
    state: 'stopped',
    generation: null,
    why: 'idle',
  })
  const noted = new Map<string, string | null>()
  const refreshed = new Set<string>()
  const applied: [string, Event][] = []
  const ending = new AbortController()
  const kept = checkUpdates(
    {
      config: { offers: (tag) => tag !== 'filtered' },
      repository: '',
      registry: openRegistry({
        repository: `127.0.0.1:${(server.address() as AddressInfo).port}/app`,
        dockerConfig: '/nowhere',
        awsRegion: null,
      }),
      store: {
        list: () => [
          { ...named('again', true), update: { number: 7, digest: digest(3), asked: true, failure: null } },
          named('theirs', false),
          named('filtered', true),
          named('closed', true),
          named('same', true),
          named('newer', true),
        ],
        digest: (tag, digest) => void noted.set(tag, digest),
        apply: (tag, event) => void applied.push([tag, event]),
        unfit: () => [],
        noteChanged: () => {},
        standing: (tag) => (tag === 'closed' ? { is: 'asks', change: null } : FREE),
      },
      nudges: { refresh: ({ tag }) => Promise.resolve(void refreshed.add(tag)) },
      log: openLog('test', 'silent'),
    },
    50,
    ending.signal,
  )
  try {
    await until('the newer one is asked for', () => refreshed.has('newer'))
    assert.deepEqual([...noted], [['again', digest(1)], ['same', digest(1)], ['newer', digest(2)]]) // prettier-ignore
    assert.deepEqual([...refreshed], ['newer'])
    assert.deepEqual(applied[0]![0], 'again')
    assert.deepEqual(applied[0]![1], { type: 'current', number: 7 })
    assert.deepEqual(applied[1], ['newer', { type: 'refresh', digest: digest(2) }])
    assert.deepEqual([...asked].sort(), [
      'HEAD /v2/app/manifests/again',
      'HEAD /v2/app/manifests/newer',
      'HEAD /v2/app/manifests/same',
    ])
  } finally {
    ending.abort()
    await kept
    server.closeAllConnections()
    server.close()
  }
})

/** A registry that answers as it is told, asked about these tags every 30 ms until `enough`. @returns what was asked */
async function askAbout(
  tags: Preview[],
  answerOf: (tag: string, asked: string[]) => [status: number, headers?: Record<string, string>],
  enough: (asked: string[]) => boolean,
): Promise<{ asked: string[]; refreshed: Set<string> }> {
  const asked: string[] = []
  const server = http.createServer((req, res) => {
    const tag = req.url!.split('/').at(-1)!
    const [status, headers] = answerOf(tag, asked)
    asked.push(tag)
    res.writeHead(status, { 'Docker-Content-Digest': newer, ...headers }).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const repository = `127.0.0.1:${(server.address() as AddressInfo).port}/app`
  const refreshed = new Set<string>()
  const ending = new AbortController()
  const kept = checkUpdates(
    {
      config: { offers: () => true },
      repository: '',
      registry: openRegistry({ repository, dockerConfig: '/nowhere', awsRegion: null }),
      store: {
        list: () => tags,
        digest: () => {},
        apply: () => undefined,
        unfit: () => [],
        noteChanged: () => {},
        standing: () => FREE,
      },
      nudges: { refresh: ({ tag }) => Promise.resolve(void refreshed.add(tag)) },
      log: openLog('test', 'silent'),
    },
    30,
    ending.signal,
  )
  try {
    await until('enough was asked', () => enough(asked))
  } finally {
    ending.abort()
    await kept
    server.closeAllConnections()
    server.close()
  }
  return { asked, refreshed }
}

const newer = `sha256:${'2'.repeat(64)}`

function asleep(tag: string): Preview {
  const digest = `sha256:${'1'.repeat(64)}`
  const image = { id: 'a', digest, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
  return { ...fresh, repository: '', tag, since: 0, image, state: 'stopped', generation: null, why: 'idle' }
}

test('one tag that the registry refuses does not hide pushes to others', async () => {
  const refusals: Record<string, number> = { a: 412, b: 403, c: 500 }
  const { asked, refreshed } = await askAbout(
    ['a', 'b', 'c', 'd'].map(asleep),
    (tag) => [refusals[tag] ?? 200],
    (asked) => asked.length >= 8,
  )
  assert.deepEqual(asked.slice(0, 8), ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'])
  assert.deepEqual([...refreshed], ['d'])
})

test('a round that the registry ends goes on behind the tag where it ended', async () => {
  const { asked } = await askAbout(
    ['a', 'b', 'c'].map(asleep),
    (tag) => (tag === 'b' ? [429] : [200]),
    (asked) => asked.length >= 6,
  )
  assert.deepEqual(asked.slice(0, 6), ['a', 'b', 'c', 'a', 'b', 'c'])
})

test('a digest that was found to be nothing that can run here is not asked for again, another one is', async () => {
  const failure = { code: 'bad-image', detail: 'no matching manifest', at: 0, rest: 1 } as const
  const known = { number: 1, digest: newer, asked: false, failure }
  const { refreshed } = await askAbout(
    [
      { ...asleep('hopeless'), update: known },
      { ...asleep('other'), update: { ...known, digest: 'sha256:0' } },
      { ...asleep('refused'), update: { ...known, failure: { ...failure, code: 'credentials' } } },
    ],
    () => [200],
    (asked) => asked.length >= 6,
  )
  assert.deepEqual([...refreshed], ['other', 'refused'])
})
