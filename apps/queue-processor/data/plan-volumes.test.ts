import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FREE, type Standing } from '../../shared/forge/standing.ts'
import type { KnownChange } from '../../shared/forge/change.ts'
import { fresh, type Preview } from '../../shared/preview/preview.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import { needOf, volumesDue, type Facts } from './plan-volumes.ts'

const now = 1_800_000_000_000
const DAY = 86_400_000

function row(what: Partial<VolumeRow> = {}): VolumeRow {
  return {
    repository: '',
    tag: 'pr-1',
    engine: 'v',
    name: 'data',
    snapshot: null,
    state: 'current',
    created: now,
    image: 'i1',
    bytes: null,
    measuredAt: null,
    usedAt: now,
    keep: null,
    source: null,
    ...what,
  }
}

describe('what a start needs of a volume', () => {
  for (const [needed, onPush, known, isThere, image] of [
    ['first', 'keep', undefined, false, 'i1'],
    ['lost', 'keep', row(), false, 'i1'],
    ['lost', 'reset', row(), false, 'i2'],
    ['none', 'keep', row(), true, 'i2'],
    ['none', 'reset', row(), true, 'i1'],
    ['reset', 'reset', row(), true, 'i2'],
    // A database that was lost does not know what it was used with.
    ['none', 'reset', row({ image: null }), true, 'i2'],
  ] as const)
    test(`${needed}: ${onPush}, ${known ? `used with ${known.image}` : 'not known'}, ${isThere ? 'there' : 'not there'}, for ${image}`, () =>
      assert.equal(needOf({ onPush }, known, isThere, image), needed))
})

describe('what a round does', () => {
  const stopped: Preview = {
    ...fresh,
    repository: '',
    tag: 'pr-1',
    since: now,
    state: 'stopped',
    why: 'idle',
    generation: null,
  }
  const generation = { number: 1, container: 'c', slot: null, sandbox: null, image: 'i1', digest: null, port: 80 }
  const service = { repository: '', tag: 'pr-1', container: 's' } as ServiceRow
  const closed: Standing = { is: 'closed', change: { closedAt: now - 3_600_000 } as KnownChange }

  function due(what: Partial<Omit<Facts, 'previews'>> & { preview?: Preview } = {}, at = now) {
    const { preview, ...facts } = what
    return volumesDue(
      {
        volumes: [row()],
        previews: new Map(preview ? [['pr-1', preview]] : []),
        services: [],
        standingOf: () => FREE,
        filling: new Set(),
        dataFor: 7 * DAY,
        closedAfter: 3_600_000,
        ...facts,
      },
      at,
    )
  }
  const nothing = { remove: [], removeAll: [], touch: [] }

  test('without a container it is kept so long, and not longer', () => {
    assert.deepEqual(due({ preview: stopped }, now + 7 * DAY - 1), nothing)
    assert.deepEqual(due({ preview: stopped }, now + 7 * DAY).remove, ['v'])
    assert.deepEqual(due({}, now + 7 * DAY).remove, ['v'])
  })
  test('its own time wins over the setting', () => {
    const volumes = [row({ keep: DAY })]
    assert.deepEqual(due({ volumes }, now + DAY).remove, ['v'])
    assert.deepEqual(due({ volumes: [row({ keep: 30 * DAY })] }, now + 8 * DAY), nothing)
  })
  for (const [what, facts] of [
    ['a container that sleeps', { preview: { ...stopped, generation } }],
    ['a service with a container', { services: [service] }],
    ['a pin', { preview: { ...stopped, pin: { until: null } } }],
    ['a start under way', { preview: { ...stopped, state: 'pulling', progress: null } }],
  ] as const)
    test(`${what} keeps it, and that is noted`, () => {
      const found = due(facts, now + 99 * DAY)
      assert.deepEqual([found.remove, found.touch], [[], ['pr-1']])
      assert.deepEqual(due({ ...facts, standingOf: () => closed }, now + 99 * DAY).removeAll, [])
      assert.deepEqual(due(facts, now + 60_000).touch, [])
    })
  test('a closed change takes its data with it once its time is over, and not before', () => {
    assert.deepEqual(due({ standingOf: () => closed }).removeAll, ['pr-1'])
    assert.deepEqual(due({ standingOf: () => closed }, now - 1).removeAll, [])
  })
  test('what was being filled goes, unless it is being filled now', () => {
    const volumes = [row({ state: 'filling' })]
    assert.deepEqual(due({ volumes }).remove, ['v'])
    assert.deepEqual(due({ volumes, filling: new Set(['v']) }), nothing)
  })
  test('an old one goes at once, and one that was found again is kept for a while', () => {
    assert.deepEqual(due({ volumes: [row({ state: 'old', keep: 0 })], preview: { ...stopped, generation } }).remove, [
      'v',
    ])
    const found = [row({ state: 'old' })]
    assert.deepEqual(due({ volumes: found }), nothing)
    assert.deepEqual(due({ volumes: found }, now + 7 * DAY).remove, ['v'])
  })
  test('a snapshot never goes by itself', () => {
    const volumes = [row({ snapshot: 'golden', keep: 1 })]
    assert.deepEqual(due({ volumes, standingOf: () => closed }, now + 999 * DAY), nothing)
  })
})
