/** Keeps other users from Lotan's files, which hold tokens, visitors' addresses and applications' output. */
import fs from 'node:fs'
import path from 'node:path'
import type { Config } from '../../shared/config/config.ts'

const FOR_OTHERS = 0o077
/** nginx's workers enter the run directory (../nginx/workers.ts). */
const GROUP_ENTERS = 0o010

/** The data directory may hold other files too. */
const OURS =
  /^(lotan\.sqlite.*|instance|admin-token|hook-secret|stack-key|ssh-host-key|lock(-.*)?|redis(\.unreadable)?|registry(-port)?|demo-stamp|logs|run)$/

export function isOurs(name: string): boolean {
  return OURS.test(name)
}

/** Also corrects existing files: earlier versions, SQLite, nginx and Redis made some with Lotan's first umask. */
export function keepPrivate({ dataDir, runDir }: Pick<Config, 'dataDir' | 'runDir'>): void {
  process.umask(FOR_OTHERS)
  const entered = [runDir, path.join(runDir, 'nginx')]
  for (const name of fs.readdirSync(dataDir)) if (isOurs(name)) restrict(path.join(dataDir, name), entered)
  restrict(runDir, entered)
}

function restrict(file: string, entered: string[]) {
  try {
    const found = fs.lstatSync(file)
    // A link may lead out of the data directory.
    if (found.isSymbolicLink()) return
    // The process that serves on a socket has set its mode, and may already run.
    if (found.isSocket()) return
    const taken = entered.includes(file) ? FOR_OTHERS & ~GROUP_ENTERS : FOR_OTHERS
    if (found.mode & taken) fs.chmodSync(file, found.mode & 0o7777 & ~taken)
    if (found.isDirectory()) for (const name of fs.readdirSync(file)) restrict(path.join(file, name), entered)
  } catch {
    // Another user's file, or a temporary one that is gone.
  }
}
