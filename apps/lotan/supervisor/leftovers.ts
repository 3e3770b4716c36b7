/**
 * Ends processes that a killed launcher left: the kernel ends its children, but nginx's workers survive a killed master
 * and keep the port. They are found by their inherited standard input (the process's lock file) or output (its log),
 * never by a stored process id, which may be another process's by now.
 */
import fs from 'node:fs'
import { waitFor } from '../wait-for.ts'

/** A router needs about this long to end; the kernel sent it SIGTERM when its launcher died. */
const GRACE_MS = 1_500

/**
 * @param files absolute paths @returns how many processes were ended
 * @throws when a process does not end: only one that waits for a broken disk
 */
export async function endLeftovers(files: string[], grace = GRACE_MS): Promise<number> {
  const found = holdersOf(files)
  if (found.length === 0) return 0
  send(found, 'SIGTERM')
  if (await waitFor(() => holdersOf(files).length === 0, { within: grace })) return found.length
  const gone = await waitFor(
    () => {
      const left = holdersOf(files)
      send(left, 'SIGKILL')
      return left.length === 0
    },
    { within: 5_000 },
  )
  if (!gone) throw new Error(`processes of an earlier Lotan do not end: ${holdersOf(files).join(', ')}`)
  return found.length
}

/** Sees only this user's processes. */
export function holdersOf(files: string[]): number[] {
  const wanted = new Set(files.map(realPath))
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => wanted.has(fileOf(pid, 0)) || wanted.has(fileOf(pid, 1)))
}

function fileOf(pid: number, fd: 0 | 1): string {
  try {
    return fs.readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/ \(deleted\)$/, '')
  } catch {
    return ''
  }
}

/** /proc shows real paths. The file itself may not exist yet. */
function realPath(file: string): string {
  const cut = file.lastIndexOf('/')
  return `${fs.realpathSync(file.slice(0, cut))}${file.slice(cut)}`
}

function send(pids: number[], signal: NodeJS.Signals) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended.
    }
  }
}
