/** What hooks have hinted at. A hint that is lost costs time: forge and registry are read anyway. */
import type { Database } from 'better-sqlite3'

/** `change`: the forge part looks at it; `push`: the reaper does. */
export type HintKind = 'change' | 'push'

export interface Hint {
  kind: HintKind
  repository: string
  /** The change's number, or the pushed tag; empty: all of them. */
  subject: string
  /** Milliseconds since 1970. */
  at: number
}

/** Deliveries that are remembered, and hints of a kind that wait: a sender of more fills neither disk nor memory. */
const MOST_DELIVERIES = 10_000
const MOST_HINTS = 2_000
const COUNTED_EVERY = 100

export function hintRows(db: Database) {
  const insertDelivery = db.prepare('INSERT OR IGNORE INTO hook (delivery, at) VALUES (?, ?)')
  const selectDelivery = db.prepare<[string]>('SELECT 1 FROM hook WHERE delivery = ?')
  const countDeliveries = db.prepare<[], number>('SELECT count(*) FROM hook').pluck()
  const trimDeliveries = db.prepare(
    'DELETE FROM hook WHERE delivery IN (SELECT delivery FROM hook ORDER BY at LIMIT ?)',
  )
  const upsertHint = db.prepare(`
    INSERT INTO hint (kind, repository, subject, at) VALUES (@kind, @repository, @subject, @at)
    ON CONFLICT (kind, repository, subject) DO UPDATE SET at = excluded.at
  `)
  const countHints = db.prepare<[HintKind], number>('SELECT count(*) FROM hint WHERE kind = ?').pluck()
  const selectHints = db.prepare<[HintKind], Hint>('SELECT * FROM hint WHERE kind = ? ORDER BY at')
  const isThere = db.prepare(
    'SELECT 1 FROM hint WHERE kind = @kind AND repository = @repository AND subject = @subject',
  )
  const removeHint = db.prepare(
    'DELETE FROM hint WHERE kind = @kind AND repository = @repository AND subject = @subject AND at <= @at',
  )

  const note = db.transaction((delivery: string | null, hints: readonly Hint[], now: number): boolean => {
    if (delivery !== null) {
      const { changes, lastInsertRowid } = insertDelivery.run(delivery, now)
      if (changes === 0) return false
      // To count them takes longer than all else here.
      const isToCount = Number(lastInsertRowid) % COUNTED_EVERY === 0
      if (isToCount && countDeliveries.get()! > MOST_DELIVERIES) trimDeliveries.run(MOST_DELIVERIES / 10)
    }
    for (const hint of hints) if (isThere.get(hint) || countHints.get(hint.kind)! < MOST_HINTS) upsertHint.run(hint)
    return true
  })

  return {
    /**
     * @param delivery null where the sender gives none
     * @returns false for a delivery that has come before: its hints are not noted again
     */
    note: (delivery: string | null, hints: readonly Hint[], now: number): boolean =>
      note.immediate(delivery, hints, now),

    /** Whether a delivery has come before. */
    knows: (delivery: string): boolean => selectDelivery.get(delivery) !== undefined,

    /** The oldest first. */
    list: (kind: HintKind): Hint[] => selectHints.all(kind),

    /** Somebody has looked. One that came again meanwhile stays. */
    done: (hint: Hint): void => void removeHint.run(hint),
  }
}
