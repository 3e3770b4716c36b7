/** Checks the table of traffic/kinds.ts with one Lotan, all rows at once, at any timeout. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startLotan, type Lotan } from '../harness/lotan.ts'
import { buildApp, buildApps } from '../images/build.ts'
import { startImageRegistry, type Registry } from '../registries/image-registry.ts'
import { kinds, type Kind } from '../traffic/kinds.ts'
import { WATCHED } from '../traffic/account.ts'
import { until } from '../harness/until.ts'
import { sweepVanished } from '../clients/vanish.ts'

/** How late a stop may come. */
const LATE_MS = 5_000
/**
 * nginx caches a route for 2 s and connections are sampled every 2 s: a client's last use may go unseen when it follows
 * so soon.
 */
const UNSEEN_MS = 3_000

/** @param timeout INACTIVITY_STOP_TIMEOUT_MINUTES, in milliseconds */
export function proveIdle(timeout: number) {
  const minutes = (ms: number) => String(ms / 60_000)
  const rows = kinds.map((kind) => ({ ...kind, tag: kind.name.toLowerCase().replace(/\W+/g, '-') }))

  const options = { timeout: 6 * timeout + 90_000, concurrency: rows.length }
  describe(`with a timeout of ${timeout / 1_000} s, a preview`, options, () => {
    let registry: Registry
    let lotan: Lotan

    before(async () => {
      await sweepVanished()
      registry = await startImageRegistry()
      const plain = rows.filter(({ ownTimeout, ownLifetime }) => !ownTimeout && !ownLifetime)
      await buildApps(
        registry.repository,
        plain.map(({ tag }) => tag),
      )
      for (const { tag, ownTimeout, ownLifetime } of rows) {
        const labels = {
          ...(ownTimeout ? { 'lotan.inactivity-stop-minutes': minutes(ownTimeout * timeout) } : {}),
          ...(ownLifetime ? { 'lotan.max-lifetime-minutes': minutes(ownLifetime * timeout) } : {}),
        }
        if (Object.keys(labels).length > 0) await buildApp(`${registry.repository}:${tag}`, { labels })
      }
      lotan = await startLotan({
        repository: registry.repository,
        env: { INACTIVITY_STOP_TIMEOUT_MINUTES: minutes(timeout), LOTAN_GRACE_SECONDS: '1' },
      })
    })
    after(async () => {
      await sweepVanished()
      await lotan?.stop()
      await registry?.close()
    })

    for (const row of rows)
      test(`${row.becomes === 'survives' ? 'lives on with' : 'stops with'} ${row.name}`, async (t) => {
        const { tag } = row
        await lotan.api('POST', '/previews', { tag })
        await lotan.untilState(tag, 'running', 60_000)
        const startedAt = lotan.store.get(tag)!.stages.running!
        const ending = new AbortController()
        const traffic = await row.make({ lotan, tag, timeout, over: ending.signal })
        try {
          if (row.becomes === 'survives') {
            const end = startedAt + WATCHED * timeout
            await until(`${tag} was watched`, () => Date.now() >= end || stopOf(tag), { within: 2 * end, every: 100 })
            assert.equal(stopOf(tag), undefined, 'it was stopped while it was used')
            await traffic.end()
          }
          const stop = await until(`${tag} stops`, () => stopOf(tag), { within: 5 * timeout + 30_000, every: 100 })
          assert.deepEqual(traffic.wrong(), [])
          const lastUse = traffic.lastUse()
          const due = dueOf(row, { startedAt, lastUse })
          const [from, what] = row.ownLifetime ? [startedAt, 'start'] : [Math.max(startedAt, lastUse), 'last use']
          t.diagnostic(`${row.name}: stopped ${((stop.at - from) / 1_000).toFixed(1)} s after its ${what}`)
          assert.equal(stop.detail, row.ownLifetime ? 'lifetime' : 'idle')
          assert.ok(stop.at >= due.earliest, `stopped ${due.earliest - stop.at} ms too early`)
          assert.ok(stop.at <= due.latest, `stopped ${stop.at - due.latest} ms too late`)
          // And nothing wakes it.
          if (row.becomes === 'stops') await lotan.untilState(tag, 'stopped', 40_000)
        } finally {
          ending.abort()
          await traffic.end()
        }
      })

    /** A preview's first stop. */
    function stopOf(tag: string) {
      return lotan.store.history(tag, 200).findLast(({ state }) => state === 'stopping')
    }

    function dueOf(
      { ownTimeout = 1, ownLifetime }: Kind,
      { startedAt, lastUse }: Record<'startedAt' | 'lastUse', number>,
    ) {
      if (ownLifetime) {
        const end = startedAt + ownLifetime * timeout
        return { earliest: end, latest: end + LATE_MS }
      }
      const after = ownTimeout * timeout
      return {
        earliest: Math.max(startedAt, lastUse - UNSEEN_MS) + after,
        latest: Math.max(startedAt, lastUse) + after + LATE_MS,
      }
    }
  })
}
