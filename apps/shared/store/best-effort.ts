/**
 * What may be left out where it cannot be written at once: on a full disk, or while another process writes. To wait for that
 * would hold up all that this process answers.
 */
import type { Database } from 'better-sqlite3'
import type { Log } from '../log.ts'
import type { Written } from '../disk-space.ts'
import type { Waiter } from '../preview/preview.ts'
import type { Progress } from '../preview/start-times.ts'
import { splitId, type PreviewId } from '../preview/preview-id.ts'
import { isPassing, keepRoom } from './disk-reserve.ts'
import { BY_KEY } from './previews.ts'
import type { Facts } from './facts.ts'
import type { StreamNotes } from './streams.ts'

const TOLD_MS = 2_000

export function passingNotes(
  db: Database,
  file: string,
  facts: Facts,
  noteStreams: (notes: StreamNotes) => void,
  /** Why it could not be written at once. */
  whyNotSoon: (write: () => void) => Error | undefined,
  log: Log,
) {
  // A future last_seen predates a clock reset: it is overwritten.
  const updateSeen = db.prepare(`
    UPDATE preview
    SET last_seen = @at
    WHERE ${BY_KEY} AND (coalesce(last_seen, 0) < @at OR last_seen > @now)
  `)
  const updateWaiter = db.prepare(`UPDATE preview SET waiter = @waiter WHERE ${BY_KEY}`)
  const noteWaiters = db.transaction((waiters: Iterable<[id: PreviewId, waiter: Waiter]>) => {
    for (const [id, waiter] of waiters) updateWaiter.run({ ...splitId(id), waiter: JSON.stringify(waiter) })
  })
  const updateProgress = db.prepare(`UPDATE preview SET progress = @progress WHERE ${BY_KEY} AND state = 'pulling'`)
  const noteSeen = db.transaction((seen: Iterable<[id: PreviewId, at: number]>) => {
    for (const [id, at] of seen) updateSeen.run({ ...splitId(id), at, now: Math.max(at, Date.now()) })
  })
  /** Visits that could not be written yet. */
  const unwritten = new Map<PreviewId, number>()
  /** Since when nothing could be written, milliseconds of this process's clock; undefined: it can. */
  let since: number | undefined
  let isTold = false

  /** A visit or a progress that cannot be noted must not end the process. @returns whether it is written */
  function tried(write: () => void): boolean {
    const error = whyNotSoon(write)
    if (error) {
      since ??= performance.now()
      // Logged once: it is tried several times a second. Another process's long write is no news.
      if (!isTold && performance.now() - since >= TOLD_MS) {
        log.error({ error: error.message }, 'the database cannot be written to')
        isTold = true
      }
      return false
    }
    if (isTold) log.info('the database can be written to again')
    since = undefined
    isTold = false
    return true
  }

  return {
    /**
     * Milliseconds since 1970; older times than known are ignored. The next call that can writes what this one cannot.
     * @returns whether all of it is written
     */
    touch(seen: Iterable<[id: PreviewId, at: number]>): boolean {
      for (const [id, at] of seen) unwritten.set(id, Math.max(at, unwritten.get(id) ?? 0))
      if (!tried(() => noteSeen(unwritten))) return false
      unwritten.clear()
      return true
    },

    /** Their starts go before others: start-queue.ts. */
    waiters(waiters: Iterable<[id: PreviewId, waiter: Waiter]>) {
      tried(() => noteWaiters.immediate(waiters))
    },

    progress(id: PreviewId, progress: Progress) {
      tried(() => void updateProgress.run({ ...splitId(id), progress: JSON.stringify(progress) }))
    },

    /** @returns whether it is noted */
    noteWritten: (written: Written): boolean => tried(() => facts.set('written', written)),

    written: (): Written => facts.get('written') ?? {},

    /** @returns whether it is written */
    streams: (notes: StreamNotes): boolean => tried(() => noteStreams(notes)),

    /** So that much can still be written when the disk is full. To be called again now and then. */
    keepRoom() {
      try {
        keepRoom(db, file)
      } catch (error) {
        // A write that then fails reports it itself.
        if (!isPassing(error)) throw error
      }
    },
  }
}
