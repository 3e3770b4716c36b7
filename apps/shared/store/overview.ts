/** Counts over all previews, for who looks after the installation. */
import fs from 'node:fs'
import type { Database } from 'better-sqlite3'
import { SLOT_REST_MS } from './slots.ts'

export interface Slept {
  /** Of all previews together, milliseconds. */
  slept: number
  /** The same, each with what it took: bytes times milliseconds. */
  byteMs: number
  previews: number
}

export function overview(db: Database, file: string) {
  const countTaken = db.prepare<[], number>('SELECT count(*) FROM endpoint').pluck()
  const countResting = db
    .prepare<[number], number>(
      'SELECT count(*) FROM resting_slot WHERE freed_at > ? AND slot NOT IN (SELECT slot FROM endpoint)',
    )
    .pluck()
  // A change that keeps the state, a pin say, cuts a sleep into two that add up to it.
  const selectSlept = db.prepare<{ since: number; now: number }, { slept: number; byteMs: number; previews: number }>(`
    WITH stay AS (
      SELECT
        history.repository,
        history.tag,
        memory,
        state,
        max(history.at, @since) AS began,
        min(lead(history.at, 1, @now) OVER (PARTITION BY history.repository, history.tag ORDER BY id), @now) AS ended
      FROM history
        JOIN last_memory ON last_memory.repository = history.repository AND last_memory.tag = history.tag
    )
    SELECT
      coalesce(sum(ended - began), 0) AS slept,
      coalesce(sum(1.0 * (ended - began) * memory), 0) AS byteMs,
      count(DISTINCT repository || '/' || tag) AS previews
    FROM stay
    WHERE state = 'stopped' AND ended > began
  `)

  return {
    /** `resting` are given out again a while after they were given back. */
    slotCounts: (now: number): { taken: number; resting: number } => ({
      taken: countTaken.get() ?? 0,
      resting: countResting.get(now - SLOT_REST_MS) ?? 0,
    }),

    /**
     * How long previews were stopped in that time, and how much memory each took when it was last measured. What was
     * never measured counts for nothing, and so does what the history no longer tells.
     */
    slept: (since: number, now: number): Slept => selectSlept.get({ since, now })!,

    /** Bytes of the file and its journal. */
    bytes: (): number => sizeOf(file) + sizeOf(`${file}-wal`),
  }
}

function sizeOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
