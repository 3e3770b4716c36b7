/** The history: one row a state change, which outlives the preview's own row. A part of the store. */
import type { Database } from 'better-sqlite3'
import { generationOf, type Event, type Preview } from '../preview/preview.ts'

const HISTORY_PER_TAG = 200

/** One state change, as the history keeps it. */
export interface Change {
  at: number
  was: string
  state: string
  event: string
  generation: number | null
  detail: string | null
}

export function changeHistory(db: Database) {
  const insert = db.prepare(`
    INSERT INTO history (tag, at, was, state, event, generation, detail)
    VALUES (@tag, @at, @was, @state, @event, @generation, @detail)
  `)
  const trim = db.prepare(`
    DELETE FROM history
    WHERE tag = @tag AND id <= (
      SELECT id FROM history WHERE tag = @tag ORDER BY id DESC LIMIT 1 OFFSET ${HISTORY_PER_TAG}
    )
  `)
  const forget = db.prepare('DELETE FROM history WHERE tag = ?')
  // What says that there was such a tag, and how many generations it had, stays.
  const forgetOld = db.prepare(`
    DELETE FROM history
    WHERE at < @before
      AND tag NOT IN (SELECT tag FROM preview)
      AND id NOT IN (SELECT max(id) FROM history GROUP BY tag)
      AND id NOT IN (SELECT max(id) FROM history WHERE generation IS NOT NULL GROUP BY tag)
  `)
  const selectLastGeneration = db
    .prepare<[string], number | null>('SELECT max(generation) FROM history WHERE tag = ?')
    .pluck()
  const select = db.prepare<[string, number], Change>(`
    SELECT at, was, state, event, generation, detail
    FROM history
    WHERE tag = ?
    ORDER BY id DESC
    LIMIT ?
  `)

  const lastGeneration = (tag: string): number | null => selectLastGeneration.get(tag) ?? null

  return {
    /** Writes a change down, in its own transaction. */
    noteChange(was: Preview | undefined, becomes: Preview, event: Event, now: number): void {
      const { tag } = becomes
      insert.run({
        tag,
        at: now,
        was: was?.state ?? 'unknown',
        state: becomes.state,
        event: event.type,
        generation: numberOf(was, becomes),
        detail: detailOf(event, becomes),
      })
      trim.run({ tag })
      // Anybody may guess at tags: one that never came to a container leaves no trace.
      if (becomes.state === 'unknown' && lastGeneration(tag) === null) forget.run(tag)
    },

    /** The newest generation of a tag that the history tells of, or null where it tells of none. */
    lastGeneration,

    /** A preview's last changes, newest first. */
    history: (tag: string, limit = 50): Change[] => select.all(tag, limit),

    /** Drops what is told of tags without a row since before then, but for what tells that there were such tags. */
    forgetHistory: (before: number) => void forgetOld.run({ before }),
  }
}

/** The generation that a change is about. As its row goes, the newest there ever was: it is counted on from there. */
function numberOf(was: Preview | undefined, becomes: Preview): number | null {
  if (becomes.state === 'unknown') return becomes.generations || null
  return generationOf(becomes)?.number ?? (was ? (generationOf(was)?.number ?? null) : null)
}

/** One line that says why, for the log and the history. */
export function detailOf(event: Event, becomes: Preview): string | null {
  switch (event.type) {
    case 'start':
      return event.by
    case 'stop':
      return event.why
    case 'fail':
    case 'exited':
    case 'diskOver':
      return [event.reason.code, event.reason.detail].filter(Boolean).join(': ')
    case 'created':
      return event.container.slice(0, 12)
    case 'answered':
      return event.notices.length > 0 ? JSON.stringify(event.notices) : null
    case 'curbed':
      return event.curbed ? 'processes without end' : 'no more'
    case 'begin':
      return `slot ${generationOf(becomes)?.slot}`
    case 'pulled':
    case 'ahead':
    case 'renewed':
      return event.image.digest
    case 'refresh':
      return event.digest ?? null
    case 'notRenewed':
      return [event.reason.code, event.reason.detail].filter(Boolean).join(': ')
    case 'replace':
      return becomes.state === 'running' ? `slot ${becomes.pending?.slot}` : null
    case 'slotTaken':
      return `slot ${(becomes.state === 'running' ? becomes.pending : generationOf(becomes))?.slot}`
    case 'left':
      return `generation ${event.generation}`
    default:
      return null
  }
}
