/** The database's file: opened, watched, and set aside when it is corrupt. A part of the store. */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { migrate } from './store-schema.ts'

/**
 * Opens the file, bringing its schema up to date.
 *
 * @param file where it lies; its directory exists
 * @throws when the file is no database, or is from a newer Lotan
 */
export function openFile(file: string) {
  const db = new Database(file)
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma('busy_timeout = 5000')
    migrate(db)
  } catch (error) {
    db.close()
    throw error
  }
  // Only other connections' commits move data_version: a second connection sees those of this process too.
  const watcher = new Database(file, { readonly: true })
  const readVersion = watcher.prepare('PRAGMA data_version').pluck()
  const inode = fs.statSync(file).ino

  return {
    db,

    /** A number that changes with every commit of any process. */
    version: (): number => readVersion.get() as number,

    /** Whether the file on disk is still the one that was opened. */
    intact(): boolean {
      try {
        return fs.statSync(file).ino === inode
      } catch {
        return false
      }
    },

    close() {
      watcher.close()
      db.close()
    },
  }
}

/**
 * Makes sure that the database can be used: a corrupt one is moved aside, so that the next open begins a new one,
 * which the reaper rebuilds from what runs on the engine.
 *
 * @returns where the corrupt file went, or undefined when nothing was wrong
 */
export function setAsideIfCorrupt(file: string): string | undefined {
  if (!fs.existsSync(file)) return undefined
  try {
    const db = new Database(file)
    try {
      if (db.pragma('quick_check', { simple: true }) === 'ok') return undefined
    } finally {
      db.close()
    }
  } catch (error) {
    if (!['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes((error as { code?: string }).code ?? '')) throw error
  }
  const aside = `${file}.corrupt-${randomUUID().slice(0, 8)}`
  for (const suffix of ['', '-wal', '-shm'])
    if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, aside + suffix)
  return path.resolve(aside)
}
