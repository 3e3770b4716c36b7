import fs from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { createFile } from './create-file.ts'
import { firstFault, isDamage, watchFiles, whatIsDamaged } from './damage.ts'
import { migrate } from './schema/schema.ts'

/** Damaged files that are kept, to be looked into: each is as large as the database was. */
const KEPT = 3

/**
 * Brings the schema up to date.
 * @param options.onDamage called with every error of a statement that says that the file is damaged, before its throw
 * @throws when the file is no database, or is from a newer Lotan
 */
export function openFile(
  file: string,
  { onDamage = () => {}, busyMs = 5_000 }: { onDamage?: (error: Error) => void; busyMs?: number } = {},
) {
  createFile(file)
  const db = new Database(file, { timeout: busyMs })
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    migrate(db)
  } catch (error) {
    db.close()
    throw error
  }
  hearDamage(db, onDamage)
  // Only other connections' commits move data_version: a second connection sees those of this process too.
  const watcher = new Database(file, { readonly: true })
  hearDamage(watcher, onDamage)
  const readVersion = watcher.prepare('PRAGMA data_version').pluck()
  readVersion.get()
  const look = watchFiles(file)

  return {
    db,
    busyMs,

    /** Changes with every commit of any process. */
    version: (): number => readVersion.get() as number,

    /**
     * @param listener called as the kernel reports that any process writes: mostly after its commit, at times just before
     * @returns stops it
     */
    onWrite(listener: () => void): () => void {
      try {
        const watched = fs.watch(`${file}-wal`, { persistent: false }, listener).on('error', () => {})
        return () => watched.close()
      } catch {
        // The kernel has no watch left, or the file is about to be replaced.
        return () => {}
      }
    },

    /** What is wrong with the files on disk; undefined for nothing. */
    wrong(): string | undefined {
      try {
        return look()
      } catch {
        return 'it cannot be read'
      }
    },

    /** Finds damage that no statement has met yet. Takes 20 ms with 5,000 tags, 400 ms with 50,000. */
    readAll(): string | undefined {
      // A connection that has pages in memory would find them whole.
      const fresh = new Database(file, { readonly: true, fileMustExist: true })
      try {
        return firstFault(fresh)
      } catch (error) {
        if (!isDamage(error)) throw error
        return (error as Error).message
      } finally {
        fresh.close()
      }
    },

    close() {
      watcher.close()
      db.close()
    },
  }
}

/** Wraps every statement prepared from here on: they are all over the store. */
function hearDamage(db: Database.Database, onDamage: (error: Error) => void) {
  const prepare = db.prepare.bind(db)
  const ways = ['run', 'get', 'all', 'iterate'] as const
  const heard = (source: string) => {
    const statement = prepare(source) as unknown as Record<string, (...values: unknown[]) => unknown>
    for (const way of ways) {
      const ask = statement[way]!.bind(statement)
      statement[way] = (...values) => {
        try {
          return ask(...values)
        } catch (error) {
          if (isDamage(error)) onDamage(error as Error)
          throw error
        }
      }
    }
    return statement
  }
  db.prepare = heard as unknown as typeof db.prepare
}

/**
 * Moves a damaged database aside; the next open begins a new one, which the reaper rebuilds from what the engine runs.
 * No process may have it open. @returns undefined when nothing was wrong
 */
export function setAsideIfCorrupt(file: string, now = new Date()): { wrong: string; aside: string } | undefined {
  const wrong = whatIsDamaged(file)
  if (wrong === undefined) return undefined
  const aside = freeName(`${file}.corrupt-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`)
  for (const suffix of ['', '-wal', '-shm'])
    if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, aside + suffix)
  removeOldest(file)
  return { wrong, aside: path.resolve(aside) }
}

function freeName(wanted: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`
    if (!['', '-wal', '-shm'].some((suffix) => fs.existsSync(name + suffix))) return name
  }
}

/** The names begin with the time, so that they sort by it. */
function removeOldest(file: string) {
  const dir = path.dirname(file)
  const prefix = `${path.basename(file)}.corrupt-`
  const names = fs.readdirSync(dir).filter((name) => name.startsWith(prefix))
  const kept = [...new Set(names.map((name) => name.replace(/-(wal|shm)$/, '')))].sort().slice(0, -KEPT)
  for (const name of names)
    if (kept.includes(name.replace(/-(wal|shm)$/, ''))) fs.rmSync(path.join(dir, name), { force: true })
}
