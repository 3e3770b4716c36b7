/** The worst thing Lotan could do is show one preview under another's host. Here previews take over each other's slots. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { generationOf } from '../shared/preview/preview.ts'
import { openStorm, type Storm } from '../testing/scenarios/storm.ts'
import { until } from '../testing/harness/until.ts'

/** The same tags in three repositories. */
const ids = ['one', 'api/one', 'docs/one', 'api/two'] as const

describe('previews that take over each other’s slots', { timeout: 300_000 }, () => {
  let storm: Storm

  before(async () => {
    storm = await openStorm({ peopled: [...ids], pause: 20, sandboxes: 0 })
  })
  after(async () => storm?.close())

  test('are never shown under another’s host', async (t) => {
    const { lotan, disturb } = storm
    const [one, two, three, four] = ids
    for (const id of ids) {
      await disturb('add', id)
      await lotan.untilState(id, 'running')
    }
    storm.visit()
    await until('all are visited', () => storm.served() > 400)

    // Two of six slots are left. Who is lost next has to take one that another had a moment ago: 30 s later at best.
    // And nginx has just been told the ways that lead nowhere now; without a router it goes by heart for 7 s.
    const [first, second] = [slotOf(one), slotOf(two)]
    await untilAsked(one)
    const away = storm.keepAway('router', 6_000)
    await Promise.all([disturb('kill', one), disturb('rm -f', two)])
    await until('they have other slots', () => isOn(one, first) && isOn(two, second), { every: 5 })
    await Promise.all([disturb('kill', three), disturb('rm -f', four)])
    await away

    await until('both are back', () => isUp(one) && isUp(two))
    assert.ok(await disturb('nginx'))
    assert.ok(await disturb('restart', one))
    await until('slots were taken over', () => storm.shared().length >= 1, { within: 60_000, every: 200 })
    assert.ok(await disturb('nginx'))
    assert.ok(await disturb('remove', two))
    // Neither it nor the same tag in the other repositories has a way then, and each has its own again afterwards.
    assert.ok(await disturb('close', one))
    await until(
      'closed ones are shown to nobody',
      async () => (await lotan.request(three, { path: '/plain' })).status === 410,
    )
    assert.ok(await disturb('reopen'))
    await until('it is back', () => isUp(one) && isUp(three), { within: 60_000 })
    const before = storm.served()
    await until('they are visited on', () => storm.served() > Math.max(3_000, before + 500), { within: 60_000 })

    t.diagnostic(JSON.stringify(storm.account()))
    assert.deepEqual(storm.wrong(), [])
    assert.deepEqual([storm.done('kill'), storm.done('rm -f')], [2, 2])
  })

  /** Waits until nginx has asked for the way to a preview, which it does every 2 s and then goes it by heart. */
  async function untilAsked(id: string): Promise<void> {
    const seen = () => storm.lotan.store.get(id)?.lastSeen
    const before = seen()
    await until('its way was asked for', () => seen() !== before, { every: 5 })
  }

  function slotOf(id: string): number | null | undefined {
    const preview = storm.lotan.store.get(id)
    return preview && generationOf(preview)?.slot
  }

  /** Whether a preview has a slot that is another than this. */
  function isOn(id: string, old: number | null | undefined): boolean {
    const slot = slotOf(id)
    return typeof slot === 'number' && slot !== old
  }

  function isUp(id: string): boolean {
    return storm.lotan.store.get(id)?.state === 'running'
  }
})

describe('previews behind a gate whose sandboxes are taken from them', { timeout: 300_000 }, () => {
  let storm: Storm
  const ways = ['kill', 'rm -f', 'kill sandbox', 'rm sandbox'] as const

  before(async () => {
    storm = await openStorm({ peopled: [...ids], pause: 20, sandboxes: 4, isGated: true })
  })
  after(async () => storm?.close())

  test('come back, each with one of its own, and are never shown under another’s host, nor to strangers', async (t) => {
    const { lotan, disturb } = storm
    const rowOf = (id: string) => lotan.store.sandboxes.list().find(({ preview }) => preview === id)
    for (const id of ids) {
      await until('a sandbox is ready', () => lotan.store.sandboxes.list().some(({ state }) => state === 'ready'))
      await disturb('add', id)
      await lotan.untilState(id, 'running')
    }
    storm.visit()
    await until('all are visited', () => storm.served() > 400)
    // Three times each: what is lost more often is given up.
    for (const round of [0, 1, 2]) {
      const stages = ids.map((id) => lotan.store.get(id)!.stages.running)
      const done = await Promise.all(ids.map((id, i) => disturb(ways[(i + round) % 4]!, id)))
      assert.deepEqual(done, [true, true, true, true])
      const isBack = (id: string, i: number) => {
        const preview = lotan.store.get(id)
        return preview?.state === 'running' && preview.stages.running !== stages[i]
      }
      await until('all are back', () => ids.every(isBack))
      const before = storm.served()
      await until('all are visited on', () => storm.served() > before + 400)
    }
    assert.equal(new Set(ids.map((id) => rowOf(id)!.number)).size, 4)
    assert.ok(
      storm.account().others.some((others) => (others as Record<string, number>)['401']! > 100),
      'no stranger asked',
    )
    t.diagnostic(JSON.stringify(storm.account()))
    assert.deepEqual(storm.wrong(), [])
  })
})
