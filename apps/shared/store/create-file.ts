import fs from 'node:fs'
import { randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'
import { migrate } from './schema/schema.ts'

/** Of a file system without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/**
 * Makes a database that is whole when it gets its name. Several processes start at once: SQLite begins with an empty
 * file, which the others would take for a damaged one, and only one of them can switch its journal
 * (https://sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode").
 */
export function createFile(file: string): void {
  // SQLite drops the journal of a database that was removed only where it begins with an empty file.
  if (fs.existsSync(file) || fs.existsSync(`${file}-wal`)) return
  const made = `${file}.new-${randomUUID()}`
  try {
    const db = new Database(made)
    try {
      db.pragma('journal_mode = WAL')
      migrate(db)
    } finally {
      db.close()
    }
    nameIfFree(made, file)
  } finally {
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(made + suffix, { force: true })
  }
}

function nameIfFree(made: string, file: string): void {
  try {
    // A rename would replace what another process has made meanwhile.
    fs.linkSync(made, file)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && !NO_LINKS.includes(code)) throw error
  }
}
