/** Streams and WebSockets that are open, and those that were when their preview went: its row may go before they do. */
import type { Database } from 'better-sqlite3'
import { streamsAfter } from '../preview/state-machine/streams.ts'
import type { Event } from '../preview/event.ts'
import type { Preview } from '../preview/preview.ts'
import { idOf, splitId, type PreviewId } from '../preview/preview-id.ts'
import { BY_KEY } from './previews.ts'

/** Of a preview, and in all: the oldest go first. */
const MOST_OF_PREVIEW = 200
const MOST = 5_000

export interface OpenedStream {
  /** nginx's id of the request. */
  id: string
  preview: PreviewId
  /** Who opened what: the same for the same address, user agent and path. */
  client: string
  /** Milliseconds since 1970. */
  at: number
}

export interface StreamNotes {
  opened: Iterable<OpenedStream>
  /** Ids of requests that have ended, of others than these too; or all that were open, since nginx is started anew. */
  ended: Iterable<string> | 'all'
}

export function openStreams(db: Database) {
  const insert = db.prepare(`
    INSERT OR IGNORE INTO stream (id, repository, tag, client, opened_at)
    VALUES (@id, @repository, @tag, @client, @at)
  `)
  const trimPreview = db.prepare(`
    DELETE FROM stream
    WHERE ${BY_KEY} AND number <= (
      SELECT number FROM stream WHERE ${BY_KEY} ORDER BY number DESC LIMIT 1 OFFSET ${MOST_OF_PREVIEW}
    )
  `)
  const trim = db.prepare(`
    DELETE FROM stream
    WHERE number <= (SELECT number FROM stream ORDER BY number DESC LIMIT 1 OFFSET ${MOST})
  `)
  const selectId = db.prepare('SELECT 1 FROM stream WHERE id = ?').pluck()
  const selectOpen = db.prepare<[], string>('SELECT id FROM stream WHERE open').pluck()
  const selectResting = db
    .prepare(`SELECT 1 FROM stream WHERE ${BY_KEY} AND client = @client AND resting LIMIT 1`)
    .pluck()
  const close = db.prepare('UPDATE stream SET open = 0 WHERE id = ?')
  const removeEnded = db.prepare('DELETE FROM stream WHERE id = ? AND NOT open AND NOT resting')
  const rest = db.prepare(`UPDATE stream SET resting = 1 WHERE ${BY_KEY} AND open`)
  const wake = db.prepare(`UPDATE stream SET resting = 0 WHERE ${BY_KEY} AND resting`)
  const removeAllEnded = db.prepare(`DELETE FROM stream WHERE ${BY_KEY} AND NOT open AND NOT resting`)

  const write = db.transaction((opened: OpenedStream[], ended: string[]) => {
    for (const { preview, ...stream } of opened) {
      insert.run({ ...stream, ...splitId(preview) })
      trimPreview.run(splitId(preview))
    }
    if (opened.length > 0) trim.run()
    for (const id of ended) {
      close.run(id)
      removeEnded.run(id)
    }
  })

  return {
    noteStreams({ opened, ended }: StreamNotes): void {
      const gone = new Set(ended === 'all' ? selectOpen.all() : ended)
      const stays = [...opened].filter(({ id }) => !gone.has(id))
      // Most that end were refused: a write would wake all who wait for a change.
      const known = [...gone].filter((id) => selectId.get(id))
      if (stays.length > 0 || known.length > 0) write.immediate(stays, known)
    },

    /** In the transaction of the change. */
    followStreams(event: Event, becomes: Preview): void {
      const key = splitId(idOf(becomes))
      const after = streamsAfter(event, becomes)
      if (after === 'rest') rest.run(key)
      if (after !== 'return') return
      wake.run(key)
      removeAllEnded.run(key)
    },

    /** A client had this open when the preview went, and no person has come for it since. */
    isResting: (id: PreviewId, client: string): boolean => selectResting.get({ ...splitId(id), client }) !== undefined,
  }
}
