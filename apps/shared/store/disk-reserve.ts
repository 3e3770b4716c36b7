/** Keeps room for writes on a full disk. */
import fs from 'node:fs'
import type { Database } from 'better-sqlite3'

/**
 * The journal and the free pages have this room. SQLite folds a journal of 4 MB into the file and begins it anew, so
 * that with 8 MB neither has to grow: on a full tmpfs 10,000 state changes of 5,000 new tags went well.
 */
const ROOM_BYTES = 8 * 1024 * 1024

/** @throws SqliteError where the disk is full */
export function keepRoom(db: Database, file: string): void {
  const free = (db.pragma('freelist_count', { simple: true }) as number) * pageSize(db)
  if (bytesOf(`${file}-wal`) >= ROOM_BYTES && free >= ROOM_BYTES / 2) return
  db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('room', ?)").run(' '.repeat(ROOM_BYTES))
  db.prepare("DELETE FROM meta WHERE key = 'room'").run()
}

/** A full disk, one that fails, or another process that writes for too long. */
export function isPassing(error: unknown): boolean {
  return /^SQLITE_(FULL|BUSY|LOCKED|IOERR|READONLY|CANTOPEN)/.test((error as { code?: string } | null)?.code ?? '')
}

function pageSize(db: Database): number {
  return db.pragma('page_size', { simple: true }) as number
}

function bytesOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
