/** The pool: what holds each slot, which is next in turn, and which rest. */
import type { Database } from 'better-sqlite3'
import { endpointsOf, type Endpoint } from '../preview/endpoint.ts'
import type { Preview } from '../preview/preview.ts'
import type { Facts } from './facts.ts'

/** A freed slot rests so long before another container may have its address: no cached answer lives longer. */
export const SLOT_REST_MS = 30_000

/** Longer than nginx follows any answer of a router that is gone: 2 s as it is, 5 s more as a stale one. */
const ROUTE_MS = 10_000

export function slotPool(db: Database, facts: Facts, slots: number) {
  // In turn, so that an address rests as long as the pool allows; never less than SLOT_REST_MS.
  const selectNext = db
    .prepare<{ slots: number; last: number; before: number }, number>(
      `
      WITH RECURSIVE pool (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM pool WHERE n < @slots)
      SELECT n
      FROM pool
      WHERE n NOT IN (SELECT slot FROM endpoint)
        AND n NOT IN (SELECT slot FROM resting_slot WHERE freed_at > @before)
      ORDER BY n <= @last, n
      LIMIT 1
    `,
    )
    .pluck()
  const selectEndpoint = db.prepare<[number], Endpoint>('SELECT * FROM endpoint WHERE slot = ?')
  const insertEndpoint = db.prepare<Endpoint>(`
    INSERT INTO endpoint (slot, kind, repository, tag, number)
    VALUES (@slot, @kind, @repository, @tag, @number)
  `)
  const deleteEndpoint = db.prepare<[number]>('DELETE FROM endpoint WHERE slot = ?')
  const restFromNow = db.prepare('UPDATE resting_slot SET freed_at = @now WHERE freed_at > @now')
  const rest = db.prepare('INSERT OR REPLACE INTO resting_slot (slot, freed_at) VALUES (?, ?)')

  /**
   * The smaller count tells the older of two databases of one installation: other containers may be at its slots by
   * now. 0 where an earlier Lotan, which did not count, was the last.
   */
  const slotsGiven = (): number => facts.get('slotsGiven') ?? 0
  const count = (given: number) => facts.set('slotsGiven', given)

  return {
    /** Undefined where all are taken or rest. */
    next(now: number): number | undefined {
      // The clock was set back since: how long ago a slot was freed is not known any more.
      restFromNow.run({ now })
      return selectNext.get({ slots, last: facts.get('lastSlot') ?? 0, before: now - SLOT_REST_MS })
    },

    endpointAt: (slot: number): Endpoint | undefined => selectEndpoint.get(slot),

    /** In the transaction of the change. Slots that it gives back rest from now on. */
    noteEndpoints(was: Preview | undefined, becomes: Preview, now: number): void {
      const before = was ? endpointsOf(was) : []
      const after = becomes.state === 'unknown' ? [] : endpointsOf(becomes)
      const gone = before.filter((endpoint) => !isIn(after, endpoint))
      const come = after.filter((endpoint) => !isIn(before, endpoint))
      for (const { slot } of gone) {
        deleteEndpoint.run(slot)
        rest.run(slot, now)
      }
      for (const endpoint of come) {
        insertEndpoint.run(endpoint)
        facts.set('lastSlot', endpoint.slot)
      }
      if (come.length > 0) count(slotsGiven() + come.length)
    },

    slotsGiven,

    /** nginx goes on beside a database that is begun anew: it may know a route to a free slot for ROUTE_MS. */
    restAll(now: number): void {
      const all = db.transaction(() => {
        for (let slot = 1; slot <= slots; slot++) rest.run(slot, now - SLOT_REST_MS + ROUTE_MS)
      })
      all.immediate()
    },

    /** Raises the count to what it once was. */
    countSlotsFrom(given: number): void {
      const raise = db.transaction(() => void (slotsGiven() < given && count(given)))
      raise.immediate()
    },
  }
}

function isIn(endpoints: Endpoint[], { slot, number }: Endpoint): boolean {
  return endpoints.some((other) => other.slot === slot && other.number === number)
}
