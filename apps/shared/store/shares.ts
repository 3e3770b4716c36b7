/** Links that open one preview each, without a login. A link's secret was shown once, and is stored nowhere. */
import type { Database } from 'better-sqlite3'
import type { Actor } from '../actor.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Note } from './history.ts'

/** What makes links by itself is stopped here: without an end of its own it would fill the disk. */
export const MOST_SHARES = 1_000

export interface Share {
  /** 12 hexadecimal digits: they name it, and open nothing. */
  id: string
  preview: PreviewId
  /** Milliseconds since 1970, here and below. */
  created: number
  until: number
  /** Who made it. */
  by: Actor
}

type Row = PreviewKey & Pick<Share, 'id' | 'created' | 'until'> & Actor

const COLUMNS = 'id, repository, tag, created, until, created_by AS who, address'

/** @param note writes into a preview's history; does nothing where there is no such preview */
export function shareRows(db: Database, note: (id: PreviewId, note: Note, now: number, actor: Actor) => void) {
  const insert = db.prepare(`
    INSERT INTO share (id, key, repository, tag, created, until, created_by, address)
    VALUES (@id, @key, @repository, @tag, @created, @until, @who, @address)
  `)
  const select = db.prepare<{ key: string; now: number }, Row>(`
    SELECT ${COLUMNS}
    FROM share
    WHERE key = @key AND until > @now
  `)
  const selectAll = db.prepare<{ now: number }, Row>(`
    SELECT ${COLUMNS}
    FROM share
    WHERE until > @now
    ORDER BY repository, tag, until, id
  `)
  const count = db.prepare<[], number>('SELECT count(*) FROM share').pluck()
  const removeOver = db.prepare('DELETE FROM share WHERE until <= ?')
  const remove = db.prepare<[string], Row>(`DELETE FROM share WHERE id = ? RETURNING ${COLUMNS}`)

  const add = db.transaction(({ preview, by, key, ...share }: Share & { key: string }): boolean => {
    removeOver.run(share.created)
    if (count.get()! >= MOST_SHARES) return false
    insert.run({ ...share, key, ...splitId(preview), ...by })
    note(preview, { type: 'share', share: share.id, until: share.until }, share.created, by)
    return true
  })

  const end = db.transaction((id: string, now: number, actor: Actor): Share | undefined => {
    const row = remove.get(id)
    if (row) note(idOf(row), { type: 'unshare', share: id }, now, actor)
    return row && shareOf(row)
  })

  return {
    /** @param share.key the hash of its secret @returns false where there are too many */
    add: (share: Share & { key: string }): boolean => add.immediate(share),

    /** Undefined also for one that is over. */
    find(key: string, now: number): Share | undefined {
      const row = select.get({ key, now })
      return row && shareOf(row)
    },

    /** By repository and tag, without those that are over. */
    list: (now: number): Share[] => selectAll.all({ now }).map(shareOf),

    /** @returns the one that was removed; undefined where there is none */
    remove: (id: string, now: number, actor: Actor): Share | undefined => end.immediate(id, now, actor),
  }
}

function shareOf({ id, created, until, who, address, ...key }: Row): Share {
  return { id, preview: idOf(key), created, until, by: { who, address } }
}
