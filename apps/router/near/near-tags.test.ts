import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pass } from '../../shared/store/store.ts'
import { openNearTags } from './near-tags.ts'
import { oneRepository } from '../../testing/harness/repositories.ts'

const config = {
  domain: 'previews.example.com',
  transliterate: true,
  publicUrl: { protocol: 'http:', port: 8080 },
  ...oneRepository,
  offers: (tag: string) => !tag.startsWith('secret'),
} as const
const offered = ['pr-3002', 'secret-1', 'v1.9.5', `sha256-${'a'.repeat(64)}`]
const session = { until: 0, session: 's', user: 'anna', lastUsed: 0 }
const share = { until: 0, session: null, user: null, lastUsed: null }

function openFor(gate: { isOn: boolean; passIn: () => Pass | undefined }, clock?: () => number) {
  let reads = 0
  const store = {
    newestOffered(_: string, most: number, suits: (tag: string) => boolean) {
      reads++
      return offered.filter(suits).slice(0, most)
    },
  }
  const near = openNearTags({ config, store, gate }, clock)
  return {
    near: (label: string | null) => near({ id: label, label, passes: [] }).map(({ tag }) => tag),
    links: near,
    reads: () => reads,
  }
}

test('close names are offered ones, each with its address', () => {
  const { near, links, reads } = openFor({ isOn: false, passIn: () => undefined })
  assert.deepEqual(near('pr-3001'), ['pr-3002'])
  assert.deepEqual(near('secret-2'), [], 'TAG_FILTER refuses it')
  assert.deepEqual(near(null), [], 'a host of another domain')
  const [one] = links({ id: '1.9.4-', label: 'v1_9_4', passes: [] })
  assert.deepEqual(one, undefined)
  assert.deepEqual(links({ id: 'v1.9.4', label: 'v1_9_4', passes: [] }), [
    { tag: 'v1.9.5', href: 'http://v1_9_5.previews.example.com:8080/' },
  ])
  assert.equal(reads(), 1, 'the list is read once')
})

test('behind a gate only who may open all reads of others', () => {
  for (const [what, pass, expected] of [
    ['nobody', undefined, []],
    ['a share link', share, []],
    ['a login', session, ['pr-3002']],
  ] as const)
    assert.deepEqual(openFor({ isOn: true, passIn: () => pass }).near('pr-3001'), expected, what)
})

test('who makes names up is not compared with all others, again and again', () => {
  let now = 1_000_000
  const { near } = openFor({ isOn: false, passIn: () => undefined }, () => now)
  const found = () => near('pr-3001').length
  assert.deepEqual(Array.from({ length: 7 }, found), [1, 1, 1, 1, 1, 0, 0])
  now += 1_000
  assert.equal(found(), 1)
})
