/** What is written where it can be, and may be left out where not: a part of the store. */
import type { Database } from 'better-sqlite3'
import type { Log } from '../log.ts'
import type { Written } from '../disk-space.ts'
import type { Progress } from '../preview/start-times.ts'
import { splitId, type PreviewId } from '../preview/preview-id.ts'
import { isPassing, keepRoom } from './disk-reserve.ts'
import { BY_KEY } from './previews.ts'
import type { Facts } from './facts.ts'
import type { StreamNotes } from './streams.ts'

/** @param file where the database lies */
export function passingNotes(
  db: Database,
  file: string,
  facts: Facts,
  noteStreams: (notes: StreamNotes) => void,
  log: Log,
) {
  // What is ahead of the clock was noted before that stepped back.
  const updateSeen = db.prepare(`
    UPDATE preview
    SET last_seen = @at
    WHERE ${BY_KEY} AND (coalesce(last_seen, 0) < @at OR last_seen > @now)
  `)
  const updateProgress = db.prepare(`UPDATE preview SET progress = @progress WHERE ${BY_KEY} AND state = 'pulling'`)
  const noteSeen = db.transaction((seen: Iterable<[id: PreviewId, at: number]>) => {
    for (const [id, at] of seen) updateSeen.run({ ...splitId(id), at, now: Math.max(at, Date.now()) })
  })
  /** Who was seen when, as long as that could not be written. */
  const unwritten = new Map<PreviewId, number>()
  let writable = true

  /**
   * Writes what may be left out: a visit or a progress that cannot be noted must not end the process.
   * @returns whether it is written
   */
  function tried(write: () => void): boolean {
    try {
      write()
    } catch (error) {
      if (!isPassing(error)) throw error
      // Said once: it is tried several times a second.
      if (writable) log.error({ error: (error as Error).message }, 'the database cannot be written to')
      return (writable = false)
    }
    if (!writable) log.info('the database can be written to again')
    return (writable = true)
  }

  return {
    /**
     * Notes activity: when each preview was last used, milliseconds since 1970. Older times than known are ignored. What
     * cannot be written now, on a full disk perhaps, is written by the next call that can.
     * @returns whether all of it is written
     */
    touch(seen: Iterable<[id: PreviewId, at: number]>): boolean {
      for (const [id, at] of seen) unwritten.set(id, Math.max(at, unwritten.get(id) ?? 0))
      if (!tried(() => noteSeen(unwritten))) return false
      unwritten.clear()
      return true
    },

    /** Notes how far a pull is, where that can be written. */
    progress(id: PreviewId, progress: Progress) {
      tried(() => void updateProgress.run({ ...splitId(id), progress: JSON.stringify(progress) }))
    },

    /**
     * Notes what previews have written to the disk, where that can be noted.
     * @returns whether it is
     */
    noteWritten: (written: Written): boolean => tried(() => facts.set('written', written)),

    /** What previews have written to the disk, as it was last noted. */
    written: (): Written => facts.get('written') ?? {},

    /**
     * Notes which streams and WebSockets were opened and which have ended.
     * @returns whether it is written
     */
    streams: (notes: StreamNotes): boolean => tried(() => noteStreams(notes)),

    /** Sees to it that much can still be written when the disk is full; to be asked for again now and then. */
    keepRoom() {
      try {
        keepRoom(db, file)
      } catch (error) {
        // What has to be written by then says so itself.
        if (!isPassing(error)) throw error
      }
    },
  }
}
