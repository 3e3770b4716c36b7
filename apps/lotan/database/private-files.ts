/** What Lotan keeps is its own user's: tokens, visitors, what applications wrote. Whatever the directory is that it lies in. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'

/** Read, write and enter, for anybody else. */
const OTHERS = 0o077
/** That the group may enter: the run directory is entered by nginx's workers (apps/lotan/nginx/workers.ts). */
const GROUP_ENTERS = 0o010

/** What Lotan makes in the data directory, which may be one that holds other things too. */
const OURS =
  /^(lotan\.sqlite.*|instance|admin-token|lock(-.*)?|redis(\.unreadable)?|registry(-port)?|demo-stamp|logs|run)$/

/**
 * Has this process, and all that it starts, make files and sockets for its own user alone, and takes from everybody else
 * what is there already: SQLite, nginx and Redis leave that to how Lotan was started, and so did earlier versions.
 */
export function keepPrivate({ dataDir, runDir }: Pick<Config, 'dataDir' | 'runDir'>): void {
  process.umask(OTHERS)
  const entered = [runDir, path.join(runDir, 'nginx')]
  for (const name of fs.readdirSync(dataDir)) if (OURS.test(name)) take(path.join(dataDir, name), entered)
  take(runDir, entered)
}

function take(file: string, entered: string[]) {
  try {
    const found = fs.lstatSync(file)
    // A link leads to what is not Lotan's to change.
    if (found.isSymbolicLink()) return
    // The process that serves on a socket has set its mode, and may run already.
    if (found.isSocket()) return
    const taken = entered.includes(file) ? OTHERS & ~GROUP_ENTERS : OTHERS
    if (found.mode & taken) fs.chmodSync(file, found.mode & 0o7777 & ~taken)
    if (found.isDirectory()) for (const name of fs.readdirSync(file)) take(path.join(file, name), entered)
  } catch {
    // Somebody else's, or gone meanwhile: a temporary file.
  }
}
