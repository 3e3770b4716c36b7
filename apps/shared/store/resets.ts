/** The last time that each preview was to have other data: `asked` and `filled` are wishes, which survive a crash. */
import type { Database } from 'better-sqlite3'
import type { Actor } from '../actor.ts'
import { idOf, splitId, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { Note } from './history.ts'
import type { VolumeRows } from './volumes.ts'

/** `filled`: the new data is there, and takes its place as soon as the preview has no container that runs. */
export type ResetState = 'asked' | 'filled' | 'done' | 'failed'

/** Times are milliseconds since 1970. */
export interface Reset {
  preview: PreviewId
  /** Null: empty volumes. */
  snapshot: string | null
  state: ResetState
  asked: number
  ended: number | null
  by: Pick<Actor, 'who' | 'address'>
  reason: string | null
  filled: Filled | null
}

export interface Filled {
  /** The engine's names. */
  volumes: string[]
  /** What the secrets are made of from then on; null: as before. */
  salt: string | null
}

type Row = PreviewKey &
  Omit<Reset, 'preview' | 'by' | 'filled'> & { who: string; address: string | null; volumes: string | null }

export function resetRows(
  db: Database,
  volumes: Pick<VolumeRows, 'switchTo'>,
  note: (id: PreviewId, note: Note, now: number, actor: Actor) => void,
) {
  const select = db.prepare<PreviewKey, Row>('SELECT * FROM reset WHERE repository = @repository AND tag = @tag')
  const selectOpen = db.prepare<[], Row>("SELECT * FROM reset WHERE state IN ('asked', 'filled') ORDER BY asked")
  const upsert = db.prepare(`
    INSERT OR REPLACE INTO reset (repository, tag, snapshot, state, volumes, asked, ended, who, address, reason)
    VALUES (@repository, @tag, @snapshot, @state, @volumes, @asked, @ended, @who, @address, @reason)
  `)
  const find = (id: PreviewId): Reset | undefined => {
    const row = select.get(splitId(id))
    return row && toReset(row)
  }
  const put = (reset: Reset) => void upsert.run(toRow(reset))

  const ask = db.transaction((id: PreviewId, snapshot: string | null, now: number, by: Actor): boolean => {
    if (isOpen(find(id))) return false
    const { who, address } = by
    put({
      preview: id,
      snapshot,
      state: 'asked',
      asked: now,
      ended: null,
      by: { who, address },
      reason: null,
      filled: null,
    })
    return true
  })

  const finish = db.transaction((id: PreviewId, now: number): boolean => {
    const reset = find(id)
    if (reset?.state !== 'filled' || !reset.filled) return false
    const { volumes: engines, salt } = reset.filled
    volumes.switchTo(engines, salt === null ? undefined : { id, salt })
    put({ ...reset, state: 'done', ended: now, filled: null })
    note(id, { type: 'reset', snapshot: reset.snapshot }, now, reset.by)
    return true
  })

  return {
    find,

    /** Those that are not over, the oldest first. */
    open: (): Reset[] => selectOpen.all().map(toReset),

    /** @returns false while another one is under way */
    ask: (id: PreviewId, snapshot: string | null, now: number, by: Actor): boolean =>
      ask.immediate(id, snapshot, now, by),

    filled: db.transaction((id: PreviewId, filled: Filled): boolean => {
      const reset = find(id)
      if (reset?.state !== 'asked') return false
      put({ ...reset, state: 'filled', filled })
      return true
    }).immediate,

    /** The new volumes take the place of the old ones. @returns false where none are waiting for that */
    finish: (id: PreviewId, now: number): boolean => finish.immediate(id, now),

    fail: db.transaction((id: PreviewId, reason: string, now: number): void => {
      const reset = find(id)
      if (isOpen(reset)) put({ ...reset, state: 'failed', reason, ended: now, filled: null })
    }).immediate,
  }
}

function isOpen(reset: Reset | undefined): reset is Reset {
  return reset?.state === 'asked' || reset?.state === 'filled'
}

function toReset({ repository, tag, who, address, volumes, ...row }: Row): Reset {
  const filled = volumes === null ? null : (JSON.parse(volumes) as Filled)
  return { ...row, preview: idOf({ repository, tag }), by: { who, address }, filled }
}

function toRow({ preview, by, filled, ...reset }: Reset): Row {
  return { ...reset, ...splitId(preview), ...by, volumes: filled && JSON.stringify(filled) }
}
