/** Writes that an answer must not wait for: who makes them keeps them, and tries again. */
import type { Database } from 'better-sqlite3'
import { isPassing } from './disk-reserve.ts'

/** While a statement waits for another process's write, this process does nothing else. */
const WAIT_MS = 20

/** @param busyMs how long all other writes wait */
export function impatientWrites(db: Database, busyMs: number) {
  const together = db.transaction((write: () => void) => write())

  /** All of it or nothing, in one transaction. @returns why it is not written: the disk is full, or the database locked */
  function whyNotSoon(write: () => void): Error | undefined {
    db.pragma(`busy_timeout = ${WAIT_MS}`)
    try {
      together.immediate(write)
      return undefined
    } catch (error) {
      if (!isPassing(error)) throw error
      return error as Error
    } finally {
      db.pragma(`busy_timeout = ${busyMs}`)
    }
  }

  return {
    whyNotSoon,

    /** As `whyNotSoon`. @returns whether it is written */
    writeSoon: (write: () => void): boolean => whyNotSoon(write) === undefined,
  }
}
