import assert from 'node:assert/strict'
import { test } from 'node:test'
import { next } from '../../shared/preview/state-machine/transitions.ts'
import type { Event } from '../../shared/preview/event.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Lately } from '../../shared/preview/start-times.ts'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import { viewOf } from './preview-view.ts'
import { noStack } from '../services/stack-rows.ts'
import { serviceRow, volumeRow } from '../../testing/harness/service-row.ts'
import { oneRepository } from '../../testing/harness/repositories.ts'

const naming = {
  domain: 'previews.example.com',
  transliterate: true,
  ...oneRepository,
  publicUrl: { protocol: 'http:' as const, port: 8080 },
}
const now = Date.UTC(2026, 0, 1)
const image = {
  id: 'sha256:1',
  digest: 'sha256:2',
  pulled: true,
  bytes: 1,
  created: '2025-12-31T10:00:00Z',
  labels: { 'org.opencontainers.image.revision': 'c0ffee1' } as Record<string, string>,
  ports: [80],
}
const reason: Reason = { code: 'exited', detail: 'exit status 1', output: ['secret'], exitCode: 1 }

/** The preview after these events, one second apart. */
function after(...events: Event[]): Preview {
  let preview: Preview | undefined
  for (const [i, event] of events.entries()) preview = next(preview, '1.9.5', event, now + i * 1_000) ?? preview
  return preview!
}

function view(preview: Preview, ahead = 0, lately: Lately = { pullRate: [], start: [] }, rows = noStack) {
  return viewOf(preview, { ahead, full: null, lately, change: null, rows, now: now + 60_000, naming })
}

const asked: Event = { type: 'start', by: 'visit' }
const way: Event[] = [
  asked,
  { type: 'absent', isOffered: true },
  { type: 'pull', places: 1 },
  { type: 'pulled', image },
  { type: 'begin', places: 1, port: 3000, slot: 17 },
  { type: 'created', generation: 1, container: 'c0ffee' },
  { type: 'started', generation: 1 },
  { type: 'answered', generation: 1, notices: [{ code: 'answers-error', status: 500, path: '/' }] },
]

test('a running preview is shown with everything there is to know', () => {
  assert.deepEqual(view({ ...after(...way), lastSeen: now }), {
    repository: '',
    tag: '1.9.5',
    host: '1_9_5.previews.example.com',
    url: 'http://1_9_5.previews.example.com:8080',
    state: 'running',
    kind: 'web',
    reason: null,
    since: '2026-01-01T00:00:07.000Z',
    lastSeen: '2026-01-01T00:00:00.000Z',
    image: 'sha256:1',
    digest: 'sha256:2',
    container: 'c0ffee',
    slot: 17,
    generation: 1,
    progress: null,
    detail: 'It answers.',
    engine: null,
    pinned: null,
    position: null,
    usual: null,
    timing: { queue: 2_000, pull: 1_000, start: 3_000, ready: 1_000, total: 7_000 },
    created: '2025-12-31T10:00:00Z',
    revision: 'c0ffee1',
    change: null,
    notice: 'The application answers 500 at /.',
    services: [],
    volumes: [],
    copyOf: null,
  })
})

test('services and volumes are told, with the address of a second host and why one is started again', () => {
  const reason: Reason = { code: 'service-exited', detail: 'exit code 1', service: 'db' }
  const rows = {
    services: [
      serviceRow('1.9.5', 'mail', { since: now, digest: 'sha256:3', slot: 1_800, port: 8025, label: '1_9_5--to-mail' }),
      serviceRow('1.9.5', 'db', { state: 'restarting', since: now, crashes: 2, restartAt: now + 2_000, reason }),
    ],
    volumes: [volumeRow('1.9.5', 'data', { bytes: 7, measuredAt: now }), volumeRow('1.9.5', 'more')],
  }
  const { services, volumes } = view(after(...way), 0, undefined, rows)
  const since = '2026-01-01T00:00:00.000Z'
  const url = 'http://1_9_5--to-mail.previews.example.com:8080'
  assert.deepEqual(services, [
    { name: 'mail', state: 'running', since, image: 'mail:1', digest: 'sha256:3', url, crashes: 0, restartsAt: null, reason: null },
    { name: 'db', state: 'restarting', since, image: 'db:1', digest: null, url: null, crashes: 2, restartsAt: '2026-01-01T00:00:02.000Z', reason: 'service-exited' },
  ]) // prettier-ignore
  assert.deepEqual(volumes, [
    { name: 'data', bytes: 7, measured: since },
    { name: 'more', bytes: null, measured: null },
  ])
})

test('a queued preview has a place in line, and nothing else yet', () => {
  const shown = view(after(asked), 2)
  assert.equal(shown.position, 3)
  assert.equal(shown.detail, 'It is number 3 in line.')
  const { image, digest, container, slot, generation, progress, lastSeen, engine } = shown
  assert.deepEqual(
    { image, digest, container, slot, generation, progress, lastSeen, engine },
    {
      image: null,
      digest: null,
      container: null,
      slot: null,
      generation: null,
      progress: null,
      lastSeen: '2026-01-01T00:00:00.000Z',
      engine: null,
    },
  )
  assert.deepEqual(Object.values(shown.timing), [null, null, null, null, null])
})

test('a failed preview has its reason as a code, as a sentence, and in the engine’s words', () => {
  const failed = after(...way.slice(0, 3), {
    type: 'fail',
    reason: { code: 'registry-down', detail: 'dial tcp: refused' },
  })
  const shown = view(failed)
  assert.equal(shown.state, 'failed')
  assert.equal(shown.reason, 'registry-down')
  assert.match(shown.detail, /until the registry is back/)
  assert.deepEqual(shown.engine, { detail: 'dial tcp: refused', output: [] })
})

test('a preview that is tried again says why, and when', () => {
  const again = after(...way.slice(0, 7), { type: 'exited', generation: 1, reason, gone: false })
  assert.equal(again.state, 'queued')
  assert.equal(view(again).reason, 'exited')
  assert.deepEqual(view(again).engine, { detail: 'exit status 1', output: ['secret'] })
  const waiting = viewOf(again, {
    ahead: 0,
    full: null,
    lately: { pullRate: [], start: [] },
    change: null,
    rows: noStack,
    now,
    naming,
  })
  assert.equal(waiting.position, null)
  assert.match(waiting.detail, /It is tried again at 2026-01-01T00:00:0/)
})

test('a stopped preview without its image knows neither image nor container', () => {
  const stopped = after(...way, { type: 'stop', why: 'idle' }, { type: 'ending' }, { type: 'ended' })
  assert.equal(view(stopped).image, 'sha256:1')
  assert.equal(view(stopped).container, 'c0ffee')
  assert.equal(view(stopped).slot, null)
  const cleaned = next(stopped, '1.9.5', { type: 'cleaned' }, now)!
  assert.equal(view(cleaned).state, 'stopped')
  assert.equal(view(cleaned).image, null)
  assert.equal(view(cleaned).container, null)
})

test('a preview on its way up says how long that usually takes, and what it waits for', () => {
  const lately = { pullRate: [1_000], start: [400] }
  const sized = { bytes: 0, total: 8_000_000, layers: 1, layersDone: 0, percent: 0, phase: 'downloading' as const }
  const pulling = { ...after(...way.slice(0, 3)), progress: sized } as Preview
  assert.equal(view(pulling).usual, null)
  assert.equal(view(pulling, 0, lately).usual, 8_400)
  assert.equal(view(after(...way), 0, lately).usual, null)
  assert.deepEqual(view({ ...pulling, progress: { ...sized, unpackingSince: now } } as Preview).progress, sized)
  const progress = { bytes: 0, total: 0, layers: 0, layersDone: 0, percent: 0, waitsFor: 'room' as const }
  const waiting = view({ ...pulling, progress } as Preview)
  assert.deepEqual(waiting.progress, progress)
  assert.equal(waiting.detail, 'Its image is pulled as soon as there is room for it on the disk.')
})
