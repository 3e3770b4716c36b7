import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceContainer } from '../shared/engine/engine.ts'
import { fresh, type Preview } from '../shared/preview/preview.ts'
import type { ServiceRow } from '../shared/stack/service-state.ts'
import { serviceRow } from '../testing/harness/service-row.ts'
import { planServices, type ServiceAction } from './plan-services.ts'

const now = 1_000_000
const generation = { number: 1, container: 'app', slot: 1, sandbox: null, image: 'i', digest: null, port: 80 }
const image = { id: 'i', digest: null, pulled: true, bytes: 1, created: null, labels: {}, ports: [] }
const known = { ...fresh, repository: '', tag: 'red', since: 0, image }
const running = { ...known, state: 'running', generation, readyAt: 0, pending: null } as Preview
const frozen = { ...known, state: 'paused', phase: 'frozen', generation, readyAt: 0 } as Preview
const pausing = { ...frozen, phase: 'draining' } as Preview
const stopped = { ...known, state: 'stopped', generation: { ...generation, slot: null }, why: 'idle' } as Preview
const cleaned = { ...stopped, image: null, generation: null } as Preview
const failed = { ...known, state: 'failed', reason: { code: 'service-exited', detail: '' }, retryAt: null } as Preview
const starting = { ...known, state: 'starting', generation } as Preview

const db = (state: ServiceRow['state'] = 'running', more: Partial<ServiceRow> = {}) => serviceRow('red', 'db', { state, container: 'c', ...more }) // prettier-ignore
const there = (status = 'running', service = 'db'): ServiceContainer => ({
  id: 'c',
  name: `lotan-1..${service}-red-1`,
  repository: '',
  tag: 'red',
  service,
  generation: 1,
  running: status === 'running' || status === 'paused',
  status,
  image: 'i',
  spec: 's',
  level: 0,
  graceSeconds: 10,
})

const table: [name: string, preview: Preview | null, rows: ServiceRow[], containers: ServiceContainer[], due: ServiceAction['do'] | undefined][] = [
  ['all is as it should be', running, [db()], [there()], undefined],
  ['a service ended', running, [db()], [there('exited')], 'tend'],
  ['a service is gone', running, [db()], [], 'tend'],
  ['a service was paused by hand', running, [db()], [there('paused')], 'tend'],
  ['a service rests', running, [db('restarting', { restartAt: now + 1 })], [there('exited')], undefined],
  ['a service has rested', running, [db('restarting', { restartAt: now })], [there('exited')], 'tend'],
  ['a one-shot is done', running, [db('done')], [there('exited')], undefined],
  ['a newer stack has one more', running, [db(), serviceRow('red', 'mail', { state: 'waiting' })], [there()], undefined],
  ['no row knows any: the database was lost', running, [], [there()], 'tend'],
  ['no row knows one of them', running, [db()], [there(), there('running', 'mail')], 'sweep'],
  ['a frozen preview has one that runs', frozen, [db('paused')], [there()], 'sweep'],
  ['a frozen preview', frozen, [db('paused')], [there('paused')], undefined],
  ['a frozen preview has one that was made and not started', frozen, [db('restarting', { container: 'gone' })], [there('created')], 'sweep'],
  ['its preview is about to be frozen', pausing, [db()], [there()], undefined],
  ['a stopped preview has one that runs', stopped, [db('stopped')], [there()], 'sweep'],
  ['a stopped preview keeps its containers', stopped, [db('stopped')], [there('exited')], undefined],
  ['a stopped preview has one that another has replaced', stopped, [db('stopped', { container: 'other' })], [there('exited')], 'sweep'],
  ['a stopped preview after the database was lost', stopped, [], [there('exited')], undefined],
  ['a failed preview has one that runs', failed, [db('failed')], [there()], 'sweep'],
  ['nothing of a preview is left but a service', cleaned, [], [there('exited')], 'sweep'],
  ['it is coming up', starting, [db('starting')], [there('exited')], undefined],
  ['no preview', null, [], [there('exited')], 'sweep'],
] // prettier-ignore

for (const [name, preview, rows, containers, due] of table)
  test(`services: ${name}`, () => {
    const previews = preview ? [preview] : []
    const actions = planServices(previews, { rows, containers }, ({ state }) => state !== 'starting', now)
    assert.deepEqual(actions, due === undefined ? [] : [{ do: due, id: 'red' }])
  })

test('nothing is concluded of a preview that a step works on', () => {
  assert.deepEqual(
    planServices([running], { rows: [db()], containers: [] }, () => false, now),
    [],
  )
})
