import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Preview } from '../../shared/preview/preview.ts'
import { hasRoom } from './admission.ts'

const now = 1_000_000_000
const GB = 2 ** 30
const config = {
  limits: { memory: '1g', cpus: 1, pids: 512, disk: '2g', diskMax: '2g' },
  ceilings: { memory: '4g', cpus: 2 },
  memoryHigh: 90,
  stackText: null,
  stackImages: null,
  repositories: [],
}

/** A preview with what this rule looks at. */
function preview(state: Preview['state'], facts: object = {}): Preview {
  return { state, image: null, pending: null, ...facts } as unknown as Preview
}

const asking = preview('queued')
const withService = {
  image: { labels: { 'lotan.stack': 'services: { db: { image: postgres:16, mem_limit: 3g } }' } },
}
const image = (memory: string) => ({ image: { labels: { 'lotan.memory': memory } } })

test('a start fits below the mark with its limit, and with the limits of those that are coming up', () => {
  // Of 10 GB one is above the mark.
  const cases: [what: string, available: number, previews: Preview[], fits: boolean][] = [
    ['there is as much as it may take', 2, [preview('running')], true],
    ['there is a little less', 1.99, [preview('running')], false],
    ['one that runs has taken its memory already', 2, [preview('running'), preview('running')], true],
    ['one that starts has not', 2.99, [preview('starting')], false],
    ['its services count with it', 5, [preview('running'), preview('starting', withService)], false],
    ['but not where they run already', 3, [preview('running', { ...withService, pending: {} })], true],
    ['nor has one whose image is being pulled', 2.99, [preview('pulling')], false],
    ['both fit', 3, [preview('starting')], true],
    ['nor has the successor of one that runs', 2.99, [preview('running', { pending: {} })], false],
    ['one that starts may take more', 4.99, [preview('starting', image('3g'))], false],
    ['and no more than its ceiling', 6, [preview('starting', image('64g'))], true],
    ['one that waits takes none', 2, [preview('running'), preview('queued'), preview('stopped')], true],
    ['one that is paused may go', 1, [preview('paused')], false],
    ['nothing that runs could make room', 0, [], true],
    ['nor can what sleeps', 0, [preview('stopped'), preview('queued'), preview('failed')], true],
  ]
  for (const [what, available, previews, fits] of cases) {
    const memory = { total: 10 * GB, available: available * GB }
    assert.equal(hasRoom(asking, previews, memory, config, now), fits, what)
  }
})

test('memory that a person waits for is left to them', () => {
  const person = preview('queued', { waiter: { who: 'person', until: now + 1 }, notBefore: 0, since: now })
  const memory = { total: 10 * GB, available: 2.99 * GB }
  assert.equal(hasRoom(asking, [preview('running'), person], memory, config, now), false)
  assert.equal(hasRoom(person, [preview('running'), asking], memory, config, now), true)
})

test('a start that asks for more by its label needs more', () => {
  const memory = { total: 10 * GB, available: 3 * GB }
  const up = [preview('running')]
  assert.equal(hasRoom(preview('queued', image('2g')), up, memory, config, now), true)
  assert.equal(hasRoom(preview('queued', image('3g')), up, memory, config, now), false)
})

test('more free memory never refuses a start, and one more that comes up never admits one', () => {
  const states = fc.array(fc.constantFrom<Preview['state']>('running', 'starting', 'pulling', 'paused', 'stopped'))
  fc.assert(
    fc.property(states, fc.nat(10 * GB), fc.nat(10 * GB), (all, a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      const previews = all.map((state) => preview(state))
      const at = (available: number, those = previews) =>
        hasRoom(asking, those, { total: 10 * GB, available }, config, now)
      if (at(less)) assert.equal(at(more), true)
      const isUp = previews.some(({ state }) => state !== 'stopped')
      if (isUp && !at(less)) assert.equal(at(less, [...previews, preview('starting')]), false)
    }),
  )
})
