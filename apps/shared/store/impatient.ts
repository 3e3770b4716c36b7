/** Writes that an answer must not wait for: who makes them keeps them, and tries again. */
import type { Database } from 'better-sqlite3'
import { isPassing } from './disk-reserve.ts'

/** While a statement waits for another process's write, this process does nothing else. */
const WAIT_MS = 20

/** @param busyMs how long all other writes wait */
export function impatientWrites(db: Database, busyMs: number) {
  const together = db.transaction((write: () => void) => write())
  return {
    /** All of it or nothing, in one transaction. @returns whether it is written: not on a full disk, or one that is locked */
    writeSoon(write: () => void): boolean {
      db.pragma(`busy_timeout = ${WAIT_MS}`)
      try {
        together.immediate(write)
        return true
      } catch (error) {
        if (!isPassing(error)) throw error
        return false
      } finally {
        db.pragma(`busy_timeout = ${busyMs}`)
      }
    },
  }
}
