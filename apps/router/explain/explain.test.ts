import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { explain } from '../../shared/api/explain.ts'
import { readConfig } from '../../shared/config/config.ts'
import { fresh, type Image, type In, type Preview } from '../../shared/preview/preview.ts'
import { nextDue } from '../../shared/preview/timeouts.ts'
import { serviceRow } from '../../testing/harness/service-row.ts'
import { imageLabels } from '../../testing/arbitraries/images.ts'
import { asleepWords, awakeWords, imageWords } from './image-words.ts'
import { nextOf } from './next.ts'
import { explainStack } from './stack.ts'
import { explainPairs } from './pair-variables.ts'
import { valuesOf } from './values.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-explain-'))
after(() => fs.rmSync(dir, { recursive: true }))
const config = readConfig({
  LOTAN_DATA_DIR: dir,
  LOTAN_CONTAINER_MEMORY: '256m',
  INACTIVITY_PAUSE_TIMEOUT_MINUTES: '5',
})

const MINUTE = 60_000
const now = Date.UTC(2031, 0, 1)
const image: Image = {
  id: 'sha256:one',
  digest: 'sha256:d1',
  pulled: true,
  bytes: 5,
  created: null,
  labels: {},
  ports: [80],
}
const generation = { number: 1, container: 'c', slot: 1, sandbox: null, image: image.id, digest: 'sha256:d1', port: 80 }
const known = { ...fresh, repository: '', tag: 'red', since: now, lastSeen: now, image }
const running: In<'running'> = { ...known, state: 'running', generation, readyAt: now, pending: null }
const failed: In<'failed'> = { ...known, state: 'failed', reason: { code: 'registry-down', detail: '' }, retryAt: null }

function valueOf(name: string, labels: Record<string, string>, ports = [80]) {
  const found = valuesOf({ ...failed, image: { ...image, labels, ports } }, config).find(
    (value) => value.name === name,
  )!
  return [found.value, found.source, found.from, found.notice === null]
}

test('each value is told with where it comes from', () => {
  const cases: [name: string, labels: Record<string, string>, expected: unknown[]][] = [
    ['port', {}, [80, 'image', null, true]],
    ['port', { 'lotan.port': '3000' }, [3000, 'label', 'lotan.port', true]],
    ['port', { 'lotan.port': 'http' }, [80, 'image', null, false]],
    ['ready-path', {}, ['/', 'default', null, true]],
    ['ready-path', { 'lotan.ready-path': '/up' }, ['/up', 'label', 'lotan.ready-path', true]],
    ['ready-path', { 'lotan.ready-path': 'up' }, ['/', 'default', null, false]],
    ['memory', {}, [256 * 1024 ** 2, 'setting', 'LOTAN_CONTAINER_MEMORY', true]],
    ['memory', { 'lotan.memory': '1g' }, [1024 ** 3, 'label', 'lotan.memory', true]],
    ['memory', { 'lotan.memory': '9g' }, [2 * 1024 ** 3, 'label', 'lotan.memory', false]],
    ['memory', { 'lotan.memory': 'much' }, [256 * 1024 ** 2, 'setting', 'LOTAN_CONTAINER_MEMORY', false]],
    ['cpus', {}, [1, 'default', 'LOTAN_CONTAINER_CPUS', true]],
    ['stop-signal', {}, [null, 'image', null, true]],
    ['stop-signal', { 'lotan.stop-signal': 'int' }, ['SIGINT', 'label', 'lotan.stop-signal', true]],
    ['idle-stop', {}, [10 * MINUTE, 'default', 'INACTIVITY_STOP_TIMEOUT_MINUTES', true]],
    ['idle-stop', { 'lotan.inactivity-stop-minutes': '30' }, [30 * MINUTE, 'label', 'lotan.inactivity-stop-minutes', true]],
    ['idle-stop', { 'lotan.inactivity-stop-minutes': '90000' }, [7 * 24 * 60 * MINUTE, 'label', 'lotan.inactivity-stop-minutes', false]],
    ['idle-pause', {}, [5 * MINUTE, 'setting', 'INACTIVITY_PAUSE_TIMEOUT_MINUTES', true]],
    ['lifetime', {}, [null, 'default', null, true]],
    ['lifetime', { 'lotan.max-lifetime-minutes': 'x' }, [null, 'default', null, false]],
  ] // prettier-ignore
  for (const [name, labels, expected] of cases)
    assert.deepEqual(valueOf(name, labels), expected, JSON.stringify(labels))
  assert.deepEqual(valueOf('port', {}, [80, 81]), [80, 'default', null, true])
})

test('whatever an image’s labels say is explained in the form that the API describes', () => {
  fc.assert(
    fc.property(imageLabels, (labels) => {
      const values = valuesOf({ ...running, image: { ...image, labels } }, config)
      assert.deepEqual(explain.shape.values.parse(values), values)
      for (const { words, source, from } of values) assert.ok(words.length > 5 && (source !== 'label' || from))
    }),
    { numRuns: 100 },
  )
})

test('what happens next is what the reaper goes by, and what follows without a visit', () => {
  const facts = {
    timeouts: config,
    isOpen: false,
    updatesAt: now + 2 * MINUTE,
    roomAt: null,
    goesAt: null,
    volumes: [],
    dataFor: 0,
    now,
  }
  const steps = (preview: Preview, more: object = {}) =>
    nextOf(preview, { ...facts, ...more }).map(
      ({ what, why, at }) => `${what} ${why} ${(Date.parse(at) - now) / MINUTE}`,
    )
  const stopped: Preview = { ...known, state: 'stopped', generation: null, why: 'idle' }
  const visited: Preview = { ...failed, retryAt: now + MINUTE }
  const cases: [preview: Preview, expected: string[]][] = [
    [running, ['refresh newer 2', 'pause idle 5', 'stop idle 10', 'remove-image idle 60']],
    [{ ...running, pin: { until: null } }, ['refresh newer 2']],
    [{ ...running, pin: { until: now + 70 * MINUTE } }, ['refresh newer 2', 'stop idle 70', 'remove-image idle 70']],
    [{ ...running, image: { ...image, pulled: false } }, ['pause idle 5', 'stop idle 10', 'remove-image idle 60']],
    [stopped, ['refresh newer 2', 'remove-image idle 60']],
    [{ ...stopped, image: null }, ['forget unused 1440']],
    [{ ...stopped, image: null, pin: { until: null } }, []],
    [visited, ['retry failed 1', 'refresh newer 2', 'remove-image idle 60']],
    [{ ...visited, lastSeen: now - 60 * MINUTE }, ['refresh newer 2', 'remove-image idle 60']],
    [{ ...failed, image: null, generations: 0 }, ['forget unused 10']],
  ]
  for (const [preview, expected] of cases) assert.deepEqual(steps(preview), expected)
  assert.deepEqual(steps(running, { roomAt: now + MINUTE })[0], 'stop room 1')
  assert.deepEqual(steps(running, { goesAt: now + MINUTE })[0], 'remove closed 1')
  assert.equal(
    nextOf(running, { ...facts, updatesAt: null })[0]!.at,
    new Date(nextDue(running, config, now)!.at).toISOString(),
  )
  assert.match(
    nextOf(running, { ...facts, isOpen: true }).find(({ what }) => what === 'pause')!.words,
    /no client is connected/,
  )
})

test('words say which image runs and why, and why a preview is awake', () => {
  const other = { ...running, generation: { ...generation, image: 'sha256:old' } }
  const failure = { code: 'disk-full', detail: '', at: now, rest: 0 } as const
  const cases: [preview: Preview, words: RegExp][] = [
    [{ ...failed, image: null }, /its next start pulls team\/app:red/],
    [running, /is the newest that is known of/],
    [{ ...running, image: { ...image, pulled: false } }, /before Lotan/],
    [other, /about to take over/],
    [{ ...other, rejectedImage: image.id }, /did not come up/],
    [{ ...running, update: { number: 1, digest: null, asked: true, failure } }, /could not be brought here: disk-full/],
    [{ ...running, update: { number: 1, digest: null, asked: true, failure: null } }, /is being looked for/],
  ]
  for (const [preview, words] of cases) assert.match(imageWords(preview, 'team/app'), words)
  assert.match(
    awakeWords({ ...running, pin: { until: null } }, true, 'anna is inside', now)!,
    /last used now; a client is connected.*; anna is inside, which counts while bytes move; it is pinned\./,
  )
  assert.equal(awakeWords(failed, null, null, now), undefined)
})

test('what is asleep is explained by what wakes it', () => {
  const paused: In<'paused'> = { ...known, state: 'paused', phase: 'frozen', generation, readyAt: now }
  assert.match(asleepWords(paused)!, /frozen.* lotan start/)
  assert.match(asleepWords({ ...known, state: 'stopped', generation: null, why: 'idle' })!, /stopped.* lotan start/)
  for (const preview of [running, failed, { ...paused, phase: 'waking' } as const])
    assert.equal(asleepWords(preview), undefined)
})

test('each address of another repository’s preview is told with why that one', () => {
  const two = readConfig({
    LOTAN_DATA_DIR: dir,
    REPOSITORY: 'reg.example.com/web',
    LOTAN_REPOSITORIES: 'api=reg.example.com/api',
    TL_DOMAIN: 'previews.example.com',
    LOTAN_PUBLIC_URL: 'https://previews.example.com',
  })
  const to = (preview: string | null, isSure = true) => ({ ...generation, pairs: { api: { preview, isSure } } })
  const at = (tag: string) => `https://${tag}.api.previews.example.com`
  const cases: [preview: Preview, value: string | null, words: RegExp][] = [
    [{ ...running, generation: to('api/red') }, at('red'), /^the same tag$/],
    [{ ...running, generation: to('api/red', false) }, at('red'), /^the same tag: its registry did not answer/],
    [{ ...running, generation: to('api/main') }, at('main'), /^the fallback main: red did not exist$/],
    [{ ...running, generation: to('api/main', false) }, at('main'), /^the fallback main: its registry did not answer$/],
    [{ ...running, generation: to(null) }, null, /^left out: no red, nor main, nor latest/],
    [running, null, /next start/],
    [failed, null, /next start/],
  ]
  for (const [preview, value, words] of cases) {
    const [variable, ...others] = explainPairs(preview, two)
    assert.deepEqual([variable!.name, variable!.value, others], ['LOTAN_URL_API', value, []])
    assert.match(variable!.words!, words)
  }
  assert.deepEqual(explainPairs(running, config), [])
})

const stackText = `services:
  app: { depends_on: { db: { condition: service_healthy } } }
  db:
    image: postgres:16
    mem_limit: 9g
    command: [postgres, -c, fsync=off]
    environment: { POSTGRES_PASSWORD: '\${LOTAN_SECRET_DB}', API_KEY: abc, DSN_OF: 'pg://u:pw@db/a', LANG: C }
    healthcheck: { test: [CMD, pg_isready], interval: 1s }
    volumes: ['data:/data']
  mail: { image: postgres:15, pids_limit: 9 }
volumes: { data: { x-lotan: { keep: 1d } } }
`
const withStack: Preview = { ...running, image: { ...image, labels: { 'lotan.stack': stackText } } }

test('a stack is explained: where it is, what each service runs with, and no secret', () => {
  const rows = { services: [serviceRow('red', 'db')], volumes: [] }
  const told = explainStack(withStack, { config, rows, mayReadValues: true })!
  assert.deepEqual(explain.shape.stack.parse(told), told)
  assert.equal(told.words, 'Beside it runs db, mail: its stack is in the image’s label lotan.stack.')
  assert.deepEqual([told.source, told.from, told.application], ['label', 'lotan.stack', 'app'])
  const [db, mail] = told.services
  const valuesOf = ({ values }: typeof db & {}) =>
    Object.fromEntries(
      values.map(({ name, value, source, from }) => [name, [value?.replace('\u00a0', ' ') ?? null, from ?? source]]),
    )
  assert.deepEqual(valuesOf(db!), {
    image: ['postgres:16', 'stack'],
    command: ['postgres -c fsync=off', 'stack'],
    'depends-on': ['none', 'default'],
    healthcheck: ['CMD pg_isready', 'stack'],
    memory: ['2 GB', 'LOTAN_CONTAINER_MEMORY_MAX'],
    cpus: ['1', 'LOTAN_CONTAINER_CPUS'],
    pids: ['512', 'LOTAN_CONTAINER_PIDS'],
    'stop-signal': [null, 'image'],
    'second-host': ['none', 'default'],
    egress: ['no', 'default'],
  })
  assert.deepEqual(valuesOf(mail!).memory, ['256 MB', 'LOTAN_CONTAINER_MEMORY'])
  assert.deepEqual(
    [valuesOf(mail!).pids, valuesOf(mail!).command],
    [
      ['9', 'stack'],
      [null, 'image'],
    ],
  )
  assert.deepEqual([db!.state, mail!.state], ['running', null])
  assert.deepEqual(
    db!.variables.map(({ name, value, secret }) => [name, value, secret]),
    [
      ['POSTGRES_PASSWORD', '\${LOTAN_SECRET_DB}', false],
      ['API_KEY', null, true],
      ['DSN_OF', null, true],
      ['LANG', 'C', false],
    ],
  )
  assert.deepEqual(told.volumes, [{ name: 'data', keep: 24 * 60 * MINUTE, onPush: 'keep', from: null }])
  const less = JSON.stringify(explainStack(withStack, { config, rows, mayReadValues: false }))
  for (const text of ['fsync', 'pg_isready', 'LOTAN_SECRET', 'pw@', 'abc']) assert.ok(!less.includes(text), text)
})

test('without a stack nothing is explained, and of one that cannot be used why', () => {
  const rows = { services: [], volumes: [] }
  assert.equal(explainStack(running, { config, rows, mayReadValues: true }), null)
  const bad = { ...running, image: { ...image, labels: { 'lotan.stack': 'services: { db: { privileged: true } }' } } }
  const { problems, words } = explainStack(bad, { config, rows, mayReadValues: true })!
  assert.match(words, /cannot be used/)
  assert.match(problems[0]!, /^line 1, services\.db\.privileged: /)
  const file = explainStack(running, { config: { ...config, stackText: stackText }, rows, mayReadValues: true })!
  assert.deepEqual([file.source, file.from], ['setting', 'LOTAN_STACK'])
})

test('data goes after its container: so long after its use as it is kept', () => {
  const day = 24 * 60 * MINUTE
  const volumes = [{ name: 'data', usedAt: now, keep: day }, { name: 'more', usedAt: now, keep: null }, { name: 'too', usedAt: now, keep: null }] // prettier-ignore
  const facts = {
    timeouts: config,
    isOpen: false,
    updatesAt: null,
    roomAt: null,
    goesAt: null,
    volumes,
    dataFor: 7 * day,
    now,
  }
  const steps = (preview: Preview) =>
    nextOf(preview, facts).filter(({ what }) => what === 'remove-data').map(({ at, words }) => [Date.parse(at) - now, /\((.*)\)/.exec(words)![1]]) // prettier-ignore
  const gone: Preview = { ...known, state: 'stopped', why: 'idle', generation: null, image: null }
  assert.deepEqual(steps(gone), [[day, 'data'], [7 * day, 'more, too']]) // prettier-ignore
  // It stops after 10 min, and its container goes an hour later.
  const up = steps(running)
  assert.equal(up.length, 2)
  assert.ok((up[0]![0] as number) >= day + config.rmiAfter, String(up[0]![0]))
  assert.deepEqual(steps({ ...running, pin: { until: null } }), [])
})
