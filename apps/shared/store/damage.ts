import fs from 'node:fs'
import Database from 'better-sqlite3'
import { migrate, newestVersion } from './schema/schema.ts'

/** The exit code of a process that finds its database damaged or replaced: the launcher sees to the file then. */
export const DAMAGED = 65

const MAGIC = Buffer.from('SQLite format 3\0')
const SUFFIXES = ['', '-wal', '-shm'] as const

/** Not a full disk, one that fails, or another process that writes for too long: the file may be whole. */
export function isDamage(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string }
  if (/^SQLITE_(CORRUPT|NOTADB|READONLY_DBMOVED|IOERR_(SHORT_READ|CORRUPTFS|DATA)$)/.test(code)) return true
  // Tables were dropped.
  return code === 'SQLITE_ERROR' && /^no such (table|column|index)\b/.test(message)
}

/** Another process writes, for longer than a statement waits. */
export function isLocked(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as { code?: string }
  return /^SQLITE_BUSY/.test(code)
}

/** Reads no more than 16 bytes. @returns what says what is wrong since, in a few words; undefined for nothing */
export function watchFiles(file: string): () => string | undefined {
  const known = SUFFIXES.map((suffix) => ({ suffix, inode: inodeOf(file + suffix) }))
  // Lotan's database never shrinks.
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
 * Brings the schema up to date, too.
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
      // An empty database becomes a new one.
      migrate(db)
      return missingFrom(db)
    } finally {
      db.close()
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    // SQLite reports a failed migration as SQLITE_ERROR too: there is something else in the file.
    if (isDamage(error) || code === 'SQLITE_ERROR') return message
    throw error
  }
}

/** Reads all of the file. @returns undefined for one that is whole */
export function firstFault(db: Database.Database): string | undefined {
  const found = db.pragma('quick_check(1)', { simple: true }) as string
  return found === 'ok' ? undefined : found.replace(/\s+/g, ' ').slice(0, 200)
}

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
