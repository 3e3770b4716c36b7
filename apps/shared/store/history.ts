/** One row a change, which outlives the preview's own row. */
import type { Database } from 'better-sqlite3'
import type { Actor } from '../actor.ts'
import { untold, type Event, type EventType } from '../preview/event.ts'
import type { Generation } from '../preview/generation.ts'
import { generationOf, type Preview } from '../preview/preview.ts'
import { tracedTo } from '../preview/trace.ts'
import { shownTag } from '../preview/copy-tag.ts'
import { idOf, splitId, type PreviewId, type PreviewKey, type Tag } from '../preview/preview-id.ts'
import { detailOfDataNote, type DataNote } from './data-note.ts'
import type { SessionEnd, SessionKind } from '../shell/session-kind.ts'
import { BY_KEY } from './previews.ts'

const HISTORY_PER_PREVIEW = 200

export interface Change {
  /** Counts up; other previews' changes have numbers of the same count. */
  id: number
  at: number
  was: string
  state: string
  event: string
  generation: number | null
  detail: string | null
  /** As in an `Actor`; null for changes of a Lotan that did not note it. */
  who: string | null
  address: string | null
  /** The id of the request that it goes back to; null for what Lotan does by itself. */
  request: string | null
}

/** With the preview that it is about. */
export type HistoryRow = Change & PreviewKey

/** What is done about a preview and leaves it as it is. `share`: a link's id. `number`: of its change, if it is known. */
export type Note =
  | { type: 'share'; share: string; until: number }
  | { type: 'unshare'; share: string }
  | { type: 'approve' | 'disapprove'; number: number | null }
  /** A copy of it was made. `frozen`: for how long it stood still for that, milliseconds; 0 where it did not run. */
  | { type: 'cloned' | 'kept'; as: Tag; frozen: number }
  | { type: 'notCopied'; as: Tag; why: string }
  | ServiceEnd
  | DataNote
  | SessionNote

/** Somebody was inside. `seconds`: how long. */
export interface SessionNote {
  type: 'session'
  kind: SessionKind
  service: string | null
  program: string | null
  end: SessionEnd
  seconds: number
}

/** No step asked for it, and it is started again. */
export interface ServiceEnd {
  type: 'serviceEnded'
  service: string
  /** Null where the engine does not know it. */
  exitCode: number | null
}

export function isTold({ type }: Event): boolean {
  return !(untold as readonly EventType[]).includes(type)
}

export function changeHistory(db: Database) {
  const insert = db.prepare(`
    INSERT INTO history (repository, tag, at, was, state, event, generation, detail, who, address, request)
    VALUES (@repository, @tag, @at, @was, @state, @event, @generation, @detail, @who, @address, @request)
  `)
  const trim = db.prepare(`
    DELETE FROM history
    WHERE ${BY_KEY} AND id <= (
      SELECT id FROM history WHERE ${BY_KEY} ORDER BY id DESC LIMIT 1 OFFSET ${HISTORY_PER_PREVIEW}
    )
  `)
  const forget = db.prepare(`DELETE FROM history WHERE ${BY_KEY}`)
  // What says that there was such a preview, and how many generations it had, stays.
  const forgetOld = db.prepare(`
    DELETE FROM history
    WHERE at < @before
      AND (repository, tag) NOT IN (SELECT repository, tag FROM preview)
      AND id NOT IN (SELECT max(id) FROM history GROUP BY repository, tag)
      AND id NOT IN (SELECT max(id) FROM history WHERE generation IS NOT NULL GROUP BY repository, tag)
  `)
  const selectLastGeneration = db
    .prepare<PreviewKey, number | null>(`SELECT max(generation) FROM history WHERE ${BY_KEY}`)
    .pluck()
  const select = db.prepare<PreviewKey & { limit: number; before: number }, Change>(`
    SELECT id, at, was, state, event, generation, detail, who, address, request
    FROM history
    WHERE ${BY_KEY} AND id < @before
    ORDER BY id DESC
    LIMIT @limit
  `)

  const selectLast = db.prepare<[], number | null>('SELECT max(id) FROM history').pluck()
  const selectAfter = db.prepare<{ after: number; limit: number }, HistoryRow>(`
    SELECT id, repository, tag, at, was, state, event, generation, detail, who, address, request
    FROM history
    WHERE id > @after
    ORDER BY id
    LIMIT @limit
  `)

  const lastGeneration = (id: PreviewId): number | null => selectLastGeneration.get(splitId(id)) ?? null

  return {
    /** In the transaction of the change. */
    noteChange(was: Preview | undefined, becomes: Preview, event: Event, now: number, actor: Actor): void {
      if (!isTold(event)) return
      const key = splitId(idOf(becomes))
      insert.run({
        ...key,
        at: now,
        was: was?.state ?? 'unknown',
        state: becomes.state,
        event: event.type,
        generation: numberOf(was, becomes),
        detail: detailOf(event, becomes),
        ...actor,
        request: tracedTo(was, becomes, actor),
      })
      trim.run(key)
      // Strangers guess at tags: one that never came to a container leaves no trace.
      // A copy is none: that it was removed is how an image is known that its removal has left.
      if (becomes.state === 'unknown' && !becomes.copy && lastGeneration(idOf(becomes)) === null) forget.run(key)
    },

    /** In the transaction of what it tells. */
    note(preview: Preview, note: Note, now: number, { who, address, request }: Actor): void {
      const key = splitId(idOf(preview))
      const { state } = preview
      const generation = generationOf(preview)?.number ?? null
      insert.run({
        ...key,
        at: now,
        was: state,
        state,
        event: note.type,
        generation,
        detail: detailOfNote(note),
        who,
        address,
        request: request ?? null,
      })
      trim.run(key)
    },

    lastGeneration,

    /** Newest first. @param before only those with a smaller number */
    history: (id: PreviewId, limit = 50, before = Number.MAX_SAFE_INTEGER): Change[] =>
      select.all({ ...splitId(id), limit, before }),

    /** The number of the last change of any preview; 0 where there was none. */
    lastChange: (): number => selectLast.get() ?? 0,

    /** Of all previews, the oldest first. @param after only those with a larger number */
    historyAfter: (after: number, limit: number): HistoryRow[] => selectAfter.all({ after, limit }),

    /** Of previews without a row, but for what tells that there were such. */
    forgetHistory: (before: number) => void forgetOld.run({ before }),
  }
}

function detailOfNote(note: Note): string | null {
  switch (note.type) {
    case 'share':
      return `${note.share} until ${new Date(note.until).toISOString()}`
    case 'unshare':
      return note.share
    case 'notCopied':
      return `${shownTag(note.as)}: ${note.why}`
    case 'cloned':
    case 'kept':
      return `${shownTag(note.as)}${note.frozen > 0 ? `, frozen for ${Math.ceil(note.frozen)} ms` : ''}`
    case 'session':
      return detailOfSession(note)
    case 'serviceEnded':
      return `${note.service}${note.exitCode === null ? '' : ` with exit code ${note.exitCode}`}`
    case 'approve':
    case 'disapprove':
      return note.number === null ? null : String(note.number)
    default:
      return detailOfDataNote(note)
  }
}

/** `exec psql in db, 12 s, status 0`. */
function detailOfSession({ kind, program, service, end, seconds }: SessionNote): string {
  const what = [kind, program, service && `in ${service}`].filter(Boolean).join(' ')
  const ended = end.why === 'exited' ? `status ${end.code}` : end.why
  return `${what}, ${seconds} s, ${ended}`
}

/** The generation that a change is about. As its row goes, the newest there ever was: it is counted on from there. */
function numberOf(was: Preview | undefined, becomes: Preview): number | null {
  if (becomes.state === 'unknown') return becomes.generations || null
  return generationOf(becomes)?.number ?? (was ? (generationOf(was)?.number ?? null) : null)
}

export function detailOf(event: Event, becomes: Preview): string | null {
  switch (event.type) {
    case 'start':
      return event.by
    case 'stop':
      return event.why
    case 'fail':
    case 'exited':
    case 'diskOver':
      return [event.reason.code, event.reason.service, event.reason.detail].filter(Boolean).join(': ')
    case 'created':
      return event.container.slice(0, 12)
    case 'answered':
      return event.notices.length > 0 ? JSON.stringify(event.notices) : null
    case 'curbed':
      return event.curbed ? 'processes without end' : 'no more'
    case 'begin':
      return slotWords(generationOf(becomes))
    case 'pulled':
    case 'ahead':
    case 'renewed':
      return event.image.digest
    case 'refresh':
      return event.digest ?? null
    case 'notRenewed':
      return [event.reason.code, event.reason.detail].filter(Boolean).join(': ')
    case 'replace':
      return becomes.state === 'running' ? slotWords(becomes.pending) : null
    case 'slotTaken':
      return `slot ${(becomes.state === 'running' ? becomes.pending : generationOf(becomes))?.slot}`
    case 'pin':
      return event.until === null ? null : new Date(event.until).toISOString()
    case 'copied':
      return shownTag(event.copy.of)
    case 'left':
      return `generation ${event.generation}`
    default:
      return null
  }
}

/** `slot 7 with api/pr-7`, where it goes with previews of other repositories. */
function slotWords(generation: Generation | null): string {
  const pairs = Object.values(generation?.pairs ?? {}).flatMap(({ preview }) => preview ?? [])
  return `slot ${generation?.slot}${pairs.length > 0 ? ` with ${pairs.join(', ')}` : ''}`
}
