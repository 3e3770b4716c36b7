import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { generationOf } from '../../shared/preview/preview.ts'
import { bringUp, openBed } from '../admin/harness.ts'
import { serviceRow, volumeRow } from '../../testing/harness/service-row.ts'
import { describedOf } from './harness.ts'

const bed = await openBed()
after(() => bed.close())
const { store } = bed
const described = await describedOf(bed)
const at = Date.parse('2026-01-01T00:00:00Z')

const { container } = generationOf(bringUp('red', bed)) as { container: string }
store.apply('blue', { type: 'start', by: 'api' })
store.services.put(serviceRow('red', 'db', { container: 'c-db', label: 'red--to-db' }))
store.services.put(serviceRow('red', 'mail', { place: 1, container: null, state: 'stopped' }))
store.volumes.add(volumeRow('red', 'data', { bytes: 9_000, measuredAt: at }))
store.volumes.add(volumeRow('red', 'old', { state: 'old' }))
store.volumes.add(volumeRow('red', 'golden', { snapshot: 'golden' }))

const logs: Record<string, string> = { [container]: 'of the application\n', 'c-db': 'of the database\n' }
bed.reaper((req, res) => {
  const [, id] = /^[/]containers[/](.+)[/]logs/.exec(req.url!) ?? []
  if (id !== undefined) return void (id in logs ? res.end(logs[id]) : res.writeHead(404).end('{}'))
  res.end(JSON.stringify({ containers: { [container]: { memory: 100, cpu: 0.5, at }, 'c-db': { memory: 30, cpu: null, at } } }))
}) // prettier-ignore

test('a preview tells its services and its data, alone and in the list; its memory is theirs too', async () => {
  const one = (await described('GET', '/previews/red')).json
  const [listed, without] = (await described('GET', '/previews?sort=-tag')).json
  const time = '2026-01-01T00:00:00.000Z'
  assert.deepEqual([one.memory, without.memory], [{ bytes: 130, at: time }, null])
  assert.deepEqual(
    one.services.map(({ name, memory, url }: any) => [name, memory, url]),
    [
      ['db', { bytes: 30, at: time }, 'http://red--to-db.previews.example.com'],
      ['mail', null, null],
    ],
  )
  assert.deepEqual(one.volumes, [{ name: 'data', bytes: 9_000, measured: time }])
  assert.deepEqual(listed, one)
  assert.deepEqual([without.tag, without.services, without.volumes], ['blue', [], []])
})

test('a service’s output is read from its container, the application’s where none is named', async () => {
  const read = async (query: string) => {
    const { status, json, text } = await described('GET', `/previews/red/logs${query}`)
    return [status, json ? [json.type.replace(/.*[/]/, ''), json.detail] : text]
  }
  assert.deepEqual(await read(''), [200, 'of the application\n'])
  assert.deepEqual(await read('?service=db&tail=5'), [200, 'of the database\n'])
  assert.deepEqual(await read('?service=mail'), [404, ['no-container', 'mail of red has no container now.']])
  assert.deepEqual(await read('?service=none'), [404, ['no-such-service', 'red has no such service; it has db, mail.']])
  // Its end leaves its container, and so its output.
  store.services.change('red', 'db', { state: 'failed' })
  assert.deepEqual(await read('?service=db'), [200, 'of the database\n'])
  store.services.change('red', 'db', { state: 'running' })
  const { detail } = (await described('GET', '/previews/blue/logs?service=db')).json
  assert.equal(detail, 'blue has no services that are known now.')
})

test('what each service takes now is told beside the samples', async () => {
  const { services } = (await described('GET', '/previews/red/stats')).json
  assert.deepEqual(services, [
    { name: 'db', state: 'running', memory: 30, cpu: null, time: '2026-01-01T00:00:00.000Z' },
    { name: 'mail', state: 'stopped', memory: null, cpu: null, time: null },
  ])
  assert.deepEqual((await described('GET', '/previews/blue/stats')).json.services, [])
})

test('that a service ended is a line of the history, and counted', async () => {
  store.noteServiceEnd('red', { service: 'db', exitCode: 1 }, at)
  store.noteServiceEnd('red', { service: 'mail', exitCode: null }, at)
  store.noteServiceEnd('gone', { service: 'db', exitCode: 1 }, at)
  const { json } = await described('GET', '/previews/red/history?limit=2')
  assert.deepEqual(
    json.map(({ event, was, state, words, who }: any) => [event, was, state, words, who]),
    [
      ['serviceEnded', 'running', 'running', 'mail ended, and is started again', 'lotan'],
      ['serviceEnded', 'running', 'running', 'db ended with exit code 1, and is started again', 'lotan'],
    ],
  )
  assert.deepEqual(store.history('gone'), [])
  assert.deepEqual(store.counters().serviceRestart, { '': 3 })
})
