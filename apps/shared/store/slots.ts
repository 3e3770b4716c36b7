/** The pool: what holds each slot, which is next in turn, and which rest. */
import type { Database } from 'better-sqlite3'
import { isDeepStrictEqual } from 'node:util'
import { endpointsOf, type Endpoint } from '../preview/endpoint.ts'
import type { Preview } from '../preview/preview.ts'
import { idOf, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import { SERVICE_SLOTS, serviceSlots } from '../slots/service-slots.ts'
import { MAX_SLOTS } from '../slots/slots.ts'
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
  // Those never given out come first, then the one that has rested longest.
  const selectForService = db
    .prepare<{ first: number; last: number; before: number }, number>(
      `
      WITH RECURSIVE pool (n) AS (SELECT @first UNION ALL SELECT n + 1 FROM pool WHERE n < @last)
      SELECT n
      FROM pool LEFT JOIN resting_slot ON resting_slot.slot = n
      WHERE n NOT IN (SELECT slot FROM service WHERE slot IS NOT NULL)
        AND coalesce(freed_at <= @before, TRUE)
      ORDER BY coalesce(freed_at, 0), n
      LIMIT 1
    `,
    )
    .pluck()
  const selectEndpoint = db.prepare<[number], { slot: number }>('SELECT slot FROM endpoint WHERE slot = ?')
  const insertEndpoint = db.prepare<EndpointRow>(`
    INSERT INTO endpoint (slot, kind, repository, tag, number, sandbox)
    VALUES (@slot, @kind, @repository, @tag, @number, @sandbox)
  `)
  const selectHeld = db.prepare<[number, number], { slot: number }>(
    'SELECT slot FROM endpoint WHERE slot = ? AND sandbox = ?',
  )
  const selectHolder = db.prepare<[number], PreviewKey>(`
    SELECT coalesce(generation.repository, endpoint.repository) AS repository, coalesce(generation.tag, endpoint.tag) AS tag
    FROM endpoint LEFT JOIN generation ON generation.sandbox = endpoint.sandbox
    WHERE slot = ? AND coalesce(generation.tag, endpoint.tag) IS NOT NULL
  `)
  const countSpare = db
    .prepare<{ slots: number; before: number }, number>(
      `
      SELECT @slots - count(*)
      FROM (
        SELECT slot FROM endpoint WHERE slot <= @slots
        UNION
        SELECT slot FROM resting_slot WHERE freed_at > @before AND slot <= @slots
      )
    `,
    )
    .pluck()
  const deleteEndpoint = db.prepare<[number]>('DELETE FROM endpoint WHERE slot = ?')
  const restFromNow = db.prepare('UPDATE resting_slot SET freed_at = @now WHERE freed_at > @now')
  const rest = db.prepare('INSERT OR REPLACE INTO resting_slot (slot, freed_at) VALUES (?, ?)')

  /**
   * The smaller count tells the older of two databases of one installation: other containers may be at its slots by
   * now. 0 where an earlier Lotan, which did not count, was the last.
   */
  const slotsGiven = (): number => facts.get('slotsGiven') ?? 0
  const count = (given: number) => facts.set('slotsGiven', given)

  const isHeldBy = (endpoint: Endpoint) =>
    endpoint.kind === 'sandbox' && selectHeld.get(endpoint.slot, endpoint.sandbox) !== undefined

  /** In the transaction that has found the slot free. */
  function take(endpoint: Endpoint): void {
    insertEndpoint.run({ ...nothing, ...endpoint })
    facts.set('lastSlot', endpoint.slot)
    count(slotsGiven() + 1)
  }

  /** It rests from now on. */
  function free(slot: number, now: number): void {
    deleteEndpoint.run(slot)
    rest.run(slot, now)
  }

  return {
    take,
    free,

    /** Undefined where all are taken or rest. */
    next(now: number): number | undefined {
      // The clock was set back since: how long ago a slot was freed is not known any more.
      restFromNow.run({ now })
      return selectNext.get({ slots, last: facts.get('lastSlot') ?? 0, before: now - SLOT_REST_MS })
    },

    /** For a service with a second host. Undefined where all of its kind are taken or rest. */
    nextForService(service: { egress: boolean }, now: number): number | undefined {
      restFromNow.run({ now })
      return selectForService.get({ ...serviceSlots(service), before: now - SLOT_REST_MS })
    },

    /** In the transaction that has found it free. */
    countGiven: () => count(slotsGiven() + 1),

    /** A service has given it up. It rests from now on. */
    restService: (slot: number, now: number) => void rest.run(slot, now),

    /** Whose container has the slot's address; undefined where it rests, or a sandbox waits there for one. */
    holderOf(slot: number): PreviewId | undefined {
      const key = selectHolder.get(slot)
      return key && idOf(key)
    },

    isTaken: (slot: number): boolean => selectEndpoint.get(slot) !== undefined,

    /** How many slots are neither held nor rest. */
    spare(now: number): number {
      return countSpare.get({ slots, before: now - SLOT_REST_MS })!
    },

    /** In the transaction of the change. Slots that it gives back rest from now on. */
    noteEndpoints(was: Preview | undefined, becomes: Preview, now: number): void {
      const before = was ? endpointsOf(was) : []
      const after = becomes.state === 'unknown' ? [] : endpointsOf(becomes)
      // A sandbox gives its slot up by itself: sandboxes.ts.
      for (const endpoint of before)
        if (endpoint.kind === 'container' && !isIn(after, endpoint)) free(endpoint.slot, now)
      for (const endpoint of after) if (!isIn(before, endpoint) && !isHeldBy(endpoint)) take(endpoint)
    },

    slotsGiven,

    /** nginx goes on beside a database that is begun anew: it may know a route to a free slot for ROUTE_MS. */
    restAll(now: number): void {
      const all = db.transaction(() => {
        const freedAt = now - SLOT_REST_MS + ROUTE_MS
        for (let slot = 1; slot <= slots; slot++) rest.run(slot, freedAt)
        for (let slot = MAX_SLOTS + 1; slot <= MAX_SLOTS + SERVICE_SLOTS; slot++) rest.run(slot, freedAt)
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

type EndpointRow = { slot: number; kind: string; sandbox: number | null; number: number | null } & Nullable<PreviewKey>
type Nullable<T> = { [K in keyof T]: T[K] | null }

const nothing = { repository: null, tag: null, number: null, sandbox: null }

function isIn(endpoints: Endpoint[], endpoint: Endpoint): boolean {
  return endpoints.some((other) => isDeepStrictEqual(other, endpoint))
}
