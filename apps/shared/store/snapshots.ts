/** Snapshots: copies of a preview's volumes under a name. A row that is `asked` is the wish for one. */
import type { Database } from 'better-sqlite3'
import type { Actor } from '../actor.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Note } from './history.ts'

export type SnapshotState = 'asked' | 'ready' | 'failed'

/** Times are milliseconds since 1970. */
export interface Snapshot {
  /** `[a-z0-9][a-z0-9-]{0,39}`, once in an instance. */
  name: string
  preview: PreviewId
  state: SnapshotState
  /** When it was asked for, then when it was made. */
  created: number
  by: Pick<Actor, 'who' | 'address'>
  digest: string | null
  revision: string | null
  /** A digest of the services that wrote it. */
  stack: string | null
  /** What the secrets in it are made of; null until it is ready. */
  salt: string | null
  /** An admin lets other previews begin with it. */
  published: boolean
  /** How long its preview stood still for it, milliseconds. */
  frozen: number | null
  reason: string | null
}

export type MadeSnapshot = Pick<Snapshot, 'digest' | 'revision' | 'stack' | 'frozen'> & { salt: string }

type Row = Omit<Snapshot, 'preview' | 'by' | 'published'> &
  PreviewKey & { who: string; address: string | null; published: number }

export function snapshotRows(db: Database, note: (id: PreviewId, note: Note, now: number, actor: Actor) => void) {
  const select = db.prepare<[string], Row>('SELECT * FROM snapshot WHERE name = ?')
  const selectAll = db.prepare<[], Row>('SELECT * FROM snapshot ORDER BY name')
  const upsert = db.prepare(`
    INSERT OR REPLACE INTO snapshot
      (name, repository, tag, state, created, who, address, digest, revision, stack, salt, published, frozen, reason)
    VALUES
      (@name, @repository, @tag, @state, @created, @who, @address, @digest, @revision, @stack, @salt, @published, @frozen,
      @reason)
  `)
  const remove = db.prepare<[string]>('DELETE FROM snapshot WHERE name = ?')
  const setPublished = db.prepare<{ name: string; published: number }>(
    'UPDATE snapshot SET published = @published WHERE name = @name',
  )
  const makeCurrent = db.prepare<[string]>("UPDATE volume SET state = 'current' WHERE engine = ?")
  const retire = db.prepare<[string]>("UPDATE volume SET state = 'old', keep = 0 WHERE snapshot = ?")
  const countUses = db
    .prepare<{ name: string }, number>(
      `
      SELECT (SELECT count(*) FROM volume WHERE source = @name AND state = 'filling')
        + (SELECT count(*) FROM reset WHERE snapshot = @name AND state = 'asked')
        + (SELECT count(*) FROM snapshot WHERE name = @name AND state = 'asked')
    `,
    )
    .pluck()

  const find = (name: string): Snapshot | undefined => {
    const row = select.get(name)
    return row && toSnapshot(row)
  }
  const put = (snapshot: Snapshot) => void upsert.run(toRow(snapshot))

  const ask = db.transaction((name: string, preview: PreviewId, now: number, by: Actor): boolean => {
    const known = find(name)
    if (known && known.state !== 'failed') return false
    put({
      name,
      preview,
      state: 'asked',
      created: now,
      by: { who: by.who, address: by.address },
      digest: null,
      revision: null,
      stack: null,
      salt: null,
      published: false,
      frozen: null,
      reason: null,
    })
    return true
  })

  const finish = db.transaction(
    (name: string, volumes: readonly string[], made: MadeSnapshot, now: number): boolean => {
      const asked = find(name)
      if (asked?.state !== 'asked') return false
      for (const volume of volumes) makeCurrent.run(volume)
      put({ ...asked, ...made, state: 'ready', created: now })
      note(asked.preview, { type: 'snapshot', snapshot: name, frozen: made.frozen ?? 0 }, now, asked.by)
      return true
    },
  )

  const drop = db.transaction((name: string, now: number, actor: Actor): 'removed' | 'in-use' | 'gone' => {
    const known = find(name)
    if (!known) return 'gone'
    if (countUses.get({ name })! > 0) return 'in-use'
    retire.run(name)
    remove.run(name)
    note(known.preview, { type: 'snapshotRemoved', snapshot: name }, now, actor)
    return 'removed'
  })

  const publish = db.transaction((name: string, published: boolean, now: number, actor: Actor): void => {
    const known = find(name)
    if (!known) return
    setPublished.run({ name, published: Number(published) })
    const type = published ? 'snapshotPublished' : 'snapshotUnpublished'
    note(known.preview, { type, snapshot: name }, now, actor)
  })

  return {
    find,

    /** By name. */
    list: (): Snapshot[] => selectAll.all().map(toSnapshot),

    /** @returns false where the name is taken */
    ask: (name: string, preview: PreviewId, now: number, by: Actor): boolean => ask.immediate(name, preview, now, by),

    /** @param volumes the engine's names of its own @returns false where it is not asked for any more */
    finish: (name: string, volumes: readonly string[], made: MadeSnapshot, now: number): boolean =>
      finish.immediate(name, volumes, made, now),

    fail: db.transaction((name: string, reason: string): void => {
      const asked = find(name)
      if (asked?.state === 'asked') put({ ...asked, state: 'failed', reason })
    }).immediate,

    /** As its volumes on the engine tell of it, where the database was lost. */
    add: (snapshot: Snapshot): void => put(snapshot),

    publish: (name: string, published: boolean, now: number, actor: Actor): void =>
      publish.immediate(name, published, now, actor),

    /** Its volumes go in the next round. `in-use`: it is being made, or copied. */
    drop: (name: string, now: number, actor: Actor) => drop.immediate(name, now, actor),
  }
}

function toSnapshot({ repository, tag, who, address, published, ...row }: Row): Snapshot {
  return { ...row, preview: idOf({ repository, tag }), by: { who, address }, published: published === 1 }
}

function toRow({ preview, by, published, ...snapshot }: Snapshot): Row {
  return { ...snapshot, ...splitId(preview), ...by, published: Number(published) }
}
