/** What Lotan keeps is its own user's: tokens, visitors, what applications wrote. Whatever the directory is that it lies in. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'

/** Read, write and enter, for anybody else. */
const OTHERS = 0o077

/** What Lotan makes in the data directory, which may be one that holds other things too. */
const OURS =
  /^(lotan\.sqlite.*|instance|admin-token|lock(-.*)?|redis(\.unreadable)?|registry(-port)?|demo-stamp|logs|run)$/

/**
 * Has this process, and all that it starts, make files and sockets for its own user alone, and takes from everybody else
 * what is there already: SQLite, nginx and Redis leave that to how Lotan was started, and so did earlier versions.
 */
export function keepPrivate({ dataDir, runDir }: Pick<Config, 'dataDir' | 'runDir'>): void {
  process.umask(OTHERS)
  for (const name of fs.readdirSync(dataDir)) if (OURS.test(name)) take(path.join(dataDir, name))
  take(runDir)
}

function take(file: string) {
  try {
    const found = fs.lstatSync(file)
    // A link leads to what is not Lotan's to change.
    if (found.isSymbolicLink()) return
    if (found.mode & OTHERS) fs.chmodSync(file, found.mode & 0o7777 & ~OTHERS)
    if (found.isDirectory()) for (const name of fs.readdirSync(file)) take(path.join(file, name))
  } catch {
    // Somebody else's, or gone meanwhile: a temporary file.
  }
}
