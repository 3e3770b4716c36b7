/** Volumes of previews and of snapshots: which of the engine's each one is. */
import type { Database } from 'better-sqlite3'
import type { StackSalts } from './stack-salts.ts'
import { splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'

/**
 * `filling`: a copy into it is under way; after a crash it is removed, and made again. `current`: its preview, or its
 * snapshot, has it. `old`: another has taken its place, and it is to be removed.
 */
export type VolumeState = 'filling' | 'current' | 'old'

/** Times are milliseconds since 1970. */
export interface VolumeRow extends PreviewKey {
  /** Its name on the engine, which no other volume ever has. */
  engine: string
  /** As its stack names it. */
  name: string
  /** The snapshot that it belongs to; null for a preview's own. */
  snapshot: string | null
  state: VolumeState
  created: number
  /** The id of the application's image that it was used with last. */
  image: string | null
  bytes: number | null
  measuredAt: number | null
  /** When its preview last had a container: it is kept from then. */
  usedAt: number
  /** Milliseconds; null: LOTAN_DATA_DAYS. Of an `old` one 0, but for one that was found again. */
  keep: number | null
  /** While it is filled: the snapshot that is copied into it. */
  source: string | null
}

type Row = Omit<VolumeRow, 'measuredAt' | 'usedAt'> & { measured_at: number | null; used_at: number }

export type VolumeRows = ReturnType<typeof volumeRows>

export function volumeRows(db: Database, salts: Pick<StackSalts, 'set' | 'forget'>) {
  const selectOf = db.prepare<PreviewKey, Row>(`
    SELECT * FROM volume
    WHERE repository = @repository AND tag = @tag AND snapshot IS NULL AND state = 'current' ORDER BY name
  `)
  const selectAll = db.prepare<[], Row>('SELECT * FROM volume ORDER BY repository, tag, snapshot, name, created')
  const insert = db.prepare(`
    INSERT INTO volume (engine, repository, tag, name, snapshot, state, created, image, bytes, measured_at, used_at, keep, source)
    VALUES (@engine, @repository, @tag, @name, @snapshot, @state, @created, @image, @bytes, @measured_at, @used_at, @keep, @source)
  `)
  const retireOld = db.prepare<Pick<VolumeRow, 'engine'>>(`
    UPDATE volume SET state = 'old', keep = 0
    WHERE state = 'current' AND engine <> @engine AND snapshot IS NULL
      AND (repository, tag, name) = (SELECT repository, tag, name FROM volume WHERE engine = @engine)
  `)
  const makeCurrent = db.prepare<[string]>("UPDATE volume SET state = 'current' WHERE engine = ?")
  const makeOld = db.prepare<[string]>("UPDATE volume SET state = 'old', keep = 0 WHERE engine = ?")
  const measure = db.prepare<{ engine: string; bytes: number; now: number }>(
    'UPDATE volume SET bytes = @bytes, measured_at = @now WHERE engine = @engine',
  )
  const use = db.prepare<PreviewKey & { name: string; image: string | null; keep: number | null; now: number }>(`
    UPDATE volume SET image = coalesce(@image, image), keep = @keep, used_at = @now
    WHERE repository = @repository AND tag = @tag AND name = @name AND snapshot IS NULL AND state = 'current'
  `)
  const touch = db.prepare<PreviewKey & { now: number }>(`
    UPDATE volume SET used_at = @now
    WHERE repository = @repository AND tag = @tag AND snapshot IS NULL AND state = 'current'
  `)
  const retireOwn = db.prepare<PreviewKey>(`
    UPDATE volume SET state = 'old', keep = 0
    WHERE repository = @repository AND tag = @tag AND snapshot IS NULL
  `)
  const forgetReset = db.prepare<PreviewKey>('DELETE FROM reset WHERE repository = @repository AND tag = @tag')
  const remove = db.prepare<[string]>('DELETE FROM volume WHERE engine = ?')

  const retireAll = db.transaction((id: PreviewId): void => {
    retireOwn.run(splitId(id))
    forgetReset.run(splitId(id))
    salts.forget(id)
  })

  const switchTo = db.transaction((engines: readonly string[], data?: { id: PreviewId; salt: string }): void => {
    for (const engine of engines) {
      retireOld.run({ engine })
      makeCurrent.run(engine)
    }
    if (data) salts.set(data.id, data.salt)
  })

  return {
    /** Those that the preview has, without snapshots, by name. */
    of: (id: PreviewId): VolumeRow[] => selectOf.all(splitId(id)).map(toVolume),

    /** All, with those of snapshots and those that are being filled or are to go. */
    list: (): VolumeRow[] => selectAll.all().map(toVolume),

    /** Before the engine is asked for it. */
    add: (volume: VolumeRow): void => void insert.run(toRow(volume)),

    /**
     * From now on its preview has these: those before them become `old`, in the same transaction.
     * @param data what its secrets are made of from now on
     */
    switchTo: (engines: readonly string[], data?: { id: PreviewId; salt: string }): void =>
      switchTo.immediate(engines, data),

    note: (engine: string, bytes: number, now: number): void => void measure.run({ engine, bytes, now }),

    /** Its preview has a container that mounts it. @param image the application's; null where that is not known */
    use: (id: PreviewId, name: string, what: { image: string | null; keep: number | null }, now: number): void =>
      void use.run({ ...splitId(id), name, ...what, now }),

    /** Its preview has a container still, whichever of them it mounts. */
    touch: (id: PreviewId, now: number): void => void touch.run({ ...splitId(id), now }),

    /** Those of the preview, without snapshots, what its secrets are made of, and what was to become of its data. */
    retireAll: (id: PreviewId): void => retireAll.immediate(id),

    retire: (engine: string): void => void makeOld.run(engine),

    /** The engine has it no more. */
    forget: (engine: string): void => void remove.run(engine),
  }
}

function toVolume({ measured_at: measuredAt, used_at: usedAt, ...row }: Row): VolumeRow {
  return { ...row, measuredAt, usedAt }
}

function toRow({ measuredAt, usedAt, ...volume }: VolumeRow): Row {
  return { ...volume, measured_at: measuredAt, used_at: usedAt }
}
