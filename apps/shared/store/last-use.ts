/** When a session or a token was last used: noted at most once a minute, and where it can be written. */
import type { Statement } from 'better-sqlite3'
import { isPassing } from './disk-reserve.ts'

const NOTED_EVERY_MS = 60_000

export function lastUses(update: Statement<[{ of: string; now: number }]>) {
  /** Uses that could not be written. */
  const tried = new Map<string, number>()

  /** A clock that stepped back is noted too. @param known what the row says; null for never */
  return function noteUse(of: string, known: number | null, now: number): void {
    const noted = tried.get(of) ?? known
    if (noted !== null && Math.abs(now - noted) < NOTED_EVERY_MS) return
    try {
      update.run({ of, now })
      tried.delete(of)
    } catch (error) {
      if (!isPassing(error)) throw error
      tried.set(of, now)
    }
  }
}
