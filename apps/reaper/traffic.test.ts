import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, none, type Traffic } from './count-requests.ts'
import { openTraffic } from './traffic.ts'

const requests = (count: number): Traffic => ({ requests: count, classes: { '2xx': count }, sent: 10 * count, received: count }) // prettier-ignore
const batch = (counts: Record<string, number>) =>
  new Map(Object.entries(counts).map(([id, count]) => [`${id}.p.test`, requests(count)]))
const previews = (...ids: string[]) => new Map(ids.map((id) => [`${id}.p.test`, id]))
const countsOf = ({ previews, other }: ReturnType<ReturnType<typeof openTraffic>['read']>) => ({
  ...Object.fromEntries(Object.entries(previews).map(([id, { requests }]) => [id, requests])),
  other: other.requests,
})

test('previews have their names; what is none, and what has come too late for one, is other', () => {
  const traffic = openTraffic(2)
  traffic.add(batch({ red: 3, green: 2, blue: 2, nobody: 7 }), previews('red', 'green', 'blue'))
  assert.deepEqual(countsOf(traffic.read()), { red: 3, green: 2, other: 9 })
  assert.deepEqual(traffic.read().previews.red, requests(3))
  traffic.add(batch({ red: 1, blue: 1 }), previews('red', 'green', 'blue'))
  assert.deepEqual(countsOf(traffic.read()), { red: 4, green: 2, other: 10 })
})

test('a much busier one takes the name of the least busy, and begins at zero', () => {
  const traffic = openTraffic(2)
  const all = previews('red', 'green', 'blue')
  traffic.add(batch({ red: 30, green: 2 }), all)
  traffic.add(batch({ blue: 3 }), all)
  assert.deepEqual(countsOf(traffic.read()), { red: 30, green: 2, other: 3 })
  traffic.add(batch({ blue: 5, green: 1 }), all)
  assert.deepEqual(countsOf(traffic.read()), { red: 30, blue: 5, other: 4 })
})

test('earlier traffic fades: who was busy an hour ago makes room', () => {
  const traffic = openTraffic(1)
  const all = previews('old', 'new')
  traffic.add(batch({ old: 1_000 }), all)
  for (let look = 0; look < 720; look++) traffic.add(batch({}), all)
  traffic.add(batch({ new: 40 }), all)
  assert.deepEqual(countsOf(traffic.read()), { new: 40, other: 0 })
})

test('a preview that is no more has no name, and begins at zero when it comes back', () => {
  const traffic = openTraffic()
  traffic.add(batch({ red: 3 }), previews('red'))
  traffic.add(batch({}), previews())
  assert.deepEqual(countsOf(traffic.read()), { other: 0 })
  traffic.add(batch({ red: 1 }), previews('red'))
  assert.deepEqual(countsOf(traffic.read()), { red: 1, other: 0 })
})

test('the samples of a minute have all previews, named or not', () => {
  const traffic = openTraffic(1)
  for (let i = 0; i < 2; i++) traffic.add(batch({ red: 3, blue: 1, nobody: 5 }), previews('red', 'blue'))
  assert.deepEqual(Object.fromEntries(traffic.takeRequests()), { red: 6, blue: 2 })
  assert.equal(traffic.takeRequests().size, 0)
})

test('no count ever falls while its name stays, there are so many names at most, and no request is counted twice', () => {
  const ids = ['a', 'b', 'c', 'd', 'e']
  const step = fc.record({
    counts: fc.dictionary(fc.constantFrom(...ids, 'nobody'), fc.nat({ max: 50 })),
    known: fc.subarray(ids),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const traffic = openTraffic(2)
      let before = structuredClone(traffic.read())
      for (const { counts, known } of steps) {
        traffic.add(batch(counts), previews(...known))
        const now = structuredClone(traffic.read())
        assert.ok(Object.keys(now.previews).length <= 2)
        assert.ok(Object.keys(now.previews).every((id) => known.includes(id)))
        const more = now.other.requests - before.other.requests
        assert.ok(more >= 0)
        const named = Object.entries(now.previews).map(([id, { requests }]) => {
          const was = before.previews[id]?.requests ?? 0
          // One that lost its name and got it back in the same look begins anew.
          return requests >= was ? requests - was : requests
        })
        const sum = named.reduce((all, one) => all + one, more)
        const asked = Object.values(counts).reduce((all, one) => all + one, 0)
        assert.ok(sum <= asked)
        const whole = none()
        for (const each of [...Object.values(now.previews), now.other]) add(whole, each)
        assert.equal(whole.sent, 10 * whole.requests)
        before = now
      }
    }),
  )
})
