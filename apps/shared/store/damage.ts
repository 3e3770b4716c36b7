/** A database that is damaged, or is not the one any more that was opened. A part of the store. */
import fs from 'node:fs'
import Database from 'better-sqlite3'
import { migrate, newestVersion } from './schema.ts'

/** What a part of Lotan ends with that finds its database so: the launcher sees to the file then. */
export const DAMAGED = 65

const MAGIC = Buffer.from('SQLite format 3\0')
const SUFFIXES = ['', '-wal', '-shm'] as const

/**
 * Whether an error of SQLite says that the file is damaged. A full disk, one that fails, and another process that writes for too
 * long do not: what is in the file may be whole.
 */
export function isDamage(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string }
  if (/^SQLITE_(CORRUPT|NOTADB|READONLY_DBMOVED|IOERR_(SHORT_READ|CORRUPTFS|DATA)$)/.test(code)) return true
  // Tables were dropped.
  return code === 'SQLITE_ERROR' && /^no such (table|column|index)\b/.test(message)
}

/**
 * Watches the database's files, as they are now, without reading more than 16 bytes of them.
 * @returns what tells what is wrong with them since, in a few words; undefined where nothing is
 */
export function watchFiles(file: string): () => string | undefined {
  const known = SUFFIXES.map((suffix) => ({ suffix, inode: inodeOf(file + suffix) }))
  // Lotan's never shrinks.
  let size = sizeOf(file)
  return () => {
    for (const { suffix, inode } of known) {
      const now = inodeOf(file + suffix)
      if (inode !== undefined && now !== inode)
        return `${suffix === '' ? 'it' : `its ${suffix}`} was ${now === undefined ? 'removed' : 'replaced'}`
    }
    const now = sizeOf(file)
    if (now < size) return 'it was cut off'
    size = now
    return hasMagic(file) ? undefined : 'its beginning was overwritten'
  }
}

/**
 * Reads a whole file for damage, with a connection of its own, and brings its schema up to date.
 * @returns what is wrong with it; undefined where it can be used, is not there yet, or is from a newer Lotan
 * @throws what may pass by itself: a disk that fails, another process that writes for too long
 */
export function whatIsDamaged(file: string): string | undefined {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) return fs.existsSync(`${file}-wal`) ? 'it was removed' : undefined
  if (size === 0) return 'it is empty'
  try {
    const db = new Database(file)
    try {
      const found = firstFault(db)
      if (found) return found
      if ((db.pragma('user_version', { simple: true }) as number) > newestVersion) return undefined
      // An empty one becomes a new one.
      migrate(db)
      return missingFrom(db)
    } finally {
      db.close()
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    // That it cannot be brought up to date is said as SQLITE_ERROR too: there is something else in it.
    if (isDamage(error) || code === 'SQLITE_ERROR') return message
    throw error
  }
}

/** @returns the first thing that SQLite finds wrong; undefined for a file that is whole. Reads all of it */
export function firstFault(db: Database.Database): string | undefined {
  const found = db.pragma('quick_check(1)', { simple: true }) as string
  return found === 'ok' ? undefined : found.replace(/\s+/g, ' ').slice(0, 200)
}

/** What a new database has and this one has not. */
function missingFrom(db: Database.Database): string | undefined {
  const whole = new Database(':memory:')
  try {
    migrate(whole)
    const here = columnsOf(db)
    const missing = columnsOf(whole).find((column) => !here.includes(column))
    return missing && `${missing} is missing`
  } finally {
    whole.close()
  }
}

function columnsOf(db: Database.Database): string[] {
  return db
    .prepare<[], string>(
      `SELECT tables.name || '.' || columns.name
       FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
       WHERE tables.type = 'table'`,
    )
    .pluck()
    .all()
}

function inodeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.ino
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function hasMagic(file: string): boolean {
  const start = Buffer.alloc(MAGIC.length)
  const opened = fs.openSync(file, 'r')
  try {
    fs.readSync(opened, start, 0, start.length, 0)
  } finally {
    fs.closeSync(opened)
  }
  return start.equals(MAGIC)
}
