/** Keeps Lotan's files from other users: they hold tokens, visitors' addresses and the output of applications. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'

const FOR_OTHERS = 0o077

/** What Lotan makes in the data directory, which may hold other files too. */
const OURS =
  /^(lotan\.sqlite.*|instance|admin-token|lock(-.*)?|redis(\.unreadable)?|registry(-port)?|demo-stamp|logs|run)$/

/**
 * Also corrects what exists: earlier versions, SQLite, nginx and Redis made files with the umask Lotan was started
 * with.
 */
export function keepPrivate({ dataDir, runDir }: Pick<Config, 'dataDir' | 'runDir'>): void {
  process.umask(FOR_OTHERS)
  for (const name of fs.readdirSync(dataDir)) if (OURS.test(name)) restrict(path.join(dataDir, name))
  restrict(runDir)
}

function restrict(file: string) {
  try {
    const found = fs.lstatSync(file)
    // A link may lead out of the data directory.
    if (found.isSymbolicLink()) return
    if (found.mode & FOR_OTHERS) fs.chmodSync(file, found.mode & 0o7777 & ~FOR_OTHERS)
    if (found.isDirectory()) for (const name of fs.readdirSync(file)) restrict(path.join(file, name))
  } catch {
    // Another user's file, or a temporary one that is gone.
  }
}
