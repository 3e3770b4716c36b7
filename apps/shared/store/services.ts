/** Services of previews: what the queue-processor has made of each, for all others to read. */
import type { Database } from 'better-sqlite3'
import { idOf, splitId, type PreviewId } from '../preview/preview-id.ts'
import type { Reason } from '../preview/failure-reason.ts'
import type { ServiceRow } from '../stack/service-state.ts'

type Row = Omit<ServiceRow, 'imageId' | 'restartAt' | 'reason'> & {
  image_id: string | null
  restart_at: number | null
  reason: string | null
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

export function serviceRows(db: Database) {
  const selectOf = db.prepare<object, Row>(
    'SELECT * FROM service WHERE repository = @repository AND tag = @tag ORDER BY place, name',
  )
  const selectAll = db.prepare<[], Row>('SELECT * FROM service ORDER BY repository, tag, place, name')
  const selectOne = db.prepare<object, Row>(
    'SELECT * FROM service WHERE repository = @repository AND tag = @tag AND name = @name',
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
  const remove = db.prepare('DELETE FROM service WHERE repository = @repository AND tag = @tag AND name = @name')

  const change = db.transaction((id: PreviewId, name: string, what: Partial<ServiceRow>): ServiceRow | undefined => {
    const row = selectOne.get({ ...splitId(id), name })
    if (!row) return undefined
    const becomes = { ...toService(row), ...what }
    upsert.run(toRow(becomes))
    return becomes
  })

  return {
    /** In the order of their stack. */
    of: (id: PreviewId): ServiceRow[] => selectOf.all(splitId(id)).map(toService),

    list: (): ServiceRow[] => selectAll.all().map(toService),

    get: (id: PreviewId, name: string): ServiceRow | undefined => {
      const row = selectOne.get({ ...splitId(id), name })
      return row && toService(row)
    },

    /** The service whose second host has this label; undefined where none has, or two would. */
    at: (label: string): ServiceRow | undefined => {
      const [first, ...others] = selectAt.all(label)
      return first && others.length === 0 ? toService(first) : undefined
    },

    put: (service: ServiceRow): void => void upsert.run(toRow(service)),

    /** @returns what it becomes; undefined where there is none */
    change: (id: PreviewId, name: string, what: Partial<ServiceRow>): ServiceRow | undefined =>
      change.immediate(id, name, what),

    remove: (id: PreviewId, name: string): void => void remove.run({ ...splitId(id), name }),
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
