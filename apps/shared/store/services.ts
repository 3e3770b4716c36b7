/** Services of previews: what the queue-processor has made of each, for all others to read. */
import type { Database } from 'better-sqlite3'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Reason } from '../preview/failure-reason.ts'
import type { ServiceRow } from '../stack/service-state.ts'
import { serviceSlots } from '../slots/service-slots.ts'
import { SLOT_REST_MS, type slotPool } from './slots.ts'

type Row = Omit<ServiceRow, 'imageId' | 'restartAt' | 'reason'> & {
  image_id: string | null
  restart_at: number | null
  reason: string | null
}

export interface PlacedService {
  id: PreviewId
  slot: number
  port: number
}

const columns = [
  'repository',
  'tag',
  'name',
  'place',
  'state',
  'since',
  'image',
  'image_id',
  'digest',
  'container',
  'spec',
  'slot',
  'port',
  'label',
  'crashes',
  'restart_at',
  'reason',
]
const KEY = ['repository', 'tag', 'name']

/** @param pool its functions are called in the transaction of the caller */
export function serviceRows(
  db: Database,
  pool: Pick<ReturnType<typeof slotPool>, 'nextForService' | 'countGiven' | 'restService'>,
) {
  const selectOf = db.prepare<object, Row>(
    'SELECT * FROM service WHERE repository = @repository AND tag = @tag ORDER BY place, name',
  )
  const selectAll = db.prepare<[], Row>('SELECT * FROM service ORDER BY repository, tag, place, name')
  const selectOne = db.prepare<object, Row>(
    'SELECT * FROM service WHERE repository = @repository AND tag = @tag AND name = @name',
  )
  const selectAsleep = db.prepare<object, Row>(`
    SELECT * FROM service
    WHERE slot BETWEEN @first AND @last AND state = 'stopped' AND since <= @before
    ORDER BY since LIMIT 1
  `)
  const selectPlaced = db.prepare<[], PreviewKey & { slot: number; port: number }>(
    'SELECT repository, tag, slot, port FROM service WHERE slot IS NOT NULL AND port IS NOT NULL',
  )
  const selectAt = db.prepare<[string], Row>('SELECT * FROM service WHERE label = ? LIMIT 2')
  const upsert = db.prepare(`
    INSERT INTO service (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})
    ON CONFLICT (repository, tag, name) DO UPDATE SET
      ${columns
        .filter((name) => !KEY.includes(name))
        .map((name) => `${name} = excluded.${name}`)
        .join(', ')}
  `)
  const deleteOne = db.prepare('DELETE FROM service WHERE repository = @repository AND tag = @tag AND name = @name')

  const find = (id: PreviewId, name: string): ServiceRow | undefined => {
    const row = selectOne.get({ ...splitId(id), name })
    return row && toService(row)
  }

  /** A slot that it gives up, as all that have no second host any more do, rests from now on. */
  const put = db.transaction((service: ServiceRow, now: number): ServiceRow => {
    const was = find(idOf(service), service.name)?.slot ?? null
    if (was !== null && was !== service.slot) pool.restService(was, now)
    if (service.slot !== null && was !== service.slot) pool.countGiven()
    upsert.run(toRow(service))
    return service
  })

  const change = db.transaction(
    (id: PreviewId, name: string, what: Partial<ServiceRow>, now: number): ServiceRow | undefined => {
      const was = find(id, name)
      return was && put({ ...was, ...what }, now)
    },
  )

  /** One that stands unused for longer than a slot rests. It gets another one as it starts again. */
  function leftAsleep(first: number, last: number, now: number): number | undefined {
    const row = selectAsleep.get({ first, last, before: now - SLOT_REST_MS })
    if (row) upsert.run({ ...row, slot: null })
    return row?.slot ?? undefined
  }

  const takeSlot = db.transaction(
    (id: PreviewId, name: string, how: { egress: boolean; anew: boolean }, now: number): number | undefined => {
      const was = find(id, name)
      if (!was) return undefined
      const { first, last } = serviceSlots(how)
      if (!how.anew && was.slot !== null && was.slot >= first && was.slot <= last) return was.slot
      const slot = pool.nextForService(how, now) ?? leftAsleep(first, last, now)
      if (slot !== undefined) put({ ...was, slot }, now)
      return slot
    },
  )

  const remove = db.transaction((id: PreviewId, name: string, now: number): void => {
    const slot = find(id, name)?.slot ?? null
    if (slot !== null) pool.restService(slot, now)
    deleteOne.run({ ...splitId(id), name })
  })

  return {
    /** In the order of their stack. */
    of: (id: PreviewId): ServiceRow[] => selectOf.all(splitId(id)).map(toService),

    list: (): ServiceRow[] => selectAll.all().map(toService),

    get: find,

    /** Where services have second hosts. */
    placed: (): PlacedService[] => selectPlaced.all().map(({ slot, port, ...key }) => ({ id: idOf(key), slot, port })),

    /** The service whose second host has this label: undefined where none has, null where two would. */
    at: (label: string): ServiceRow | null | undefined => {
      const [first, ...others] = selectAt.all(label)
      if (others.length > 0) return null
      return first && toService(first)
    },

    put: (service: ServiceRow, now = Date.now()): void => void put.immediate(service, now),

    /** @returns what it becomes; undefined where there is none */
    change: (id: PreviewId, name: string, what: Partial<ServiceRow>, now = Date.now()): ServiceRow | undefined =>
      change.immediate(id, name, what, now),

    /**
     * The slot of its second host, which its row keeps: another half's is given back first.
     * @param how.anew another one, since the engine has something else at its address
     * @returns undefined where it has no row, or all are taken or rest
     */
    takeSlot: (
      id: PreviewId,
      name: string,
      how: { egress: boolean; anew?: boolean },
      now = Date.now(),
    ): number | undefined => takeSlot.immediate(id, name, { ...how, anew: how.anew ?? false }, now),

    remove: (id: PreviewId, name: string, now = Date.now()): void => remove.immediate(id, name, now),
  }
}

function toService({ image_id: imageId, restart_at: restartAt, reason, ...row }: Row): ServiceRow {
  return { ...row, imageId, restartAt, reason: reason === null ? null : (JSON.parse(reason) as Reason) }
}

function toRow({ imageId, restartAt, reason, ...service }: ServiceRow): Row {
  return {
    ...service,
    image_id: imageId,
    restart_at: restartAt,
    reason: reason === null ? null : JSON.stringify(reason),
  }
}

export function keyOfService(service: Pick<ServiceRow, 'repository' | 'tag' | 'name'>): string {
  return `${idOf(service)}+${service.name}`
}
