/**
 * What an earlier launcher that was killed left behind. Its parts are told to end by the kernel, but their own children
 * are not: nginx's workers survive a master that was killed, and go on holding the port.
 *
 * A part is known by where its output goes, which its children inherit: to one of this data directory's own logs. That
 * needs no list of process ids, so none that meanwhile belongs to somebody else is ever hit.
 */
import fs from 'node:fs'
import { waitFor } from './until.ts'

/** Long enough for a router that is ending to finish; it was told when its launcher died. */
const GRACE_MS = 1_500

/**
 * Ends every process that writes its standard output to one of these logs.
 *
 * @param logs absolute paths
 * @returns how many there were
 * @throws when one does not end, which only happens where it waits for a broken disk
 */
export async function endLeftovers(logs: string[], grace = GRACE_MS): Promise<number> {
  const found = writersOf(logs)
  if (found.length === 0) return 0
  send(found, 'SIGTERM')
  if (await waitFor(() => writersOf(logs).length === 0, { within: grace })) return found.length
  const gone = await waitFor(
    () => {
      const left = writersOf(logs)
      send(left, 'SIGKILL')
      return left.length === 0
    },
    { within: 5_000 },
  )
  if (!gone) throw new Error(`processes of an earlier Lotan do not end: ${writersOf(logs).join(', ')}`)
  return found.length
}

/** The ids of the processes whose standard output is one of these files. Other users' processes are not seen. */
export function writersOf(logs: string[]): number[] {
  const wanted = new Set(logs.map(realPath))
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => wanted.has(outputOf(pid)))
}

function outputOf(pid: number): string {
  try {
    return fs.readlinkSync(`/proc/${pid}/fd/1`).replace(/ \(deleted\)$/, '')
  } catch {
    return ''
  }
}

/** The kernel names files by their real path. The log itself may not exist yet. */
function realPath(log: string): string {
  const cut = log.lastIndexOf('/')
  return `${fs.realpathSync(log.slice(0, cut))}${log.slice(cut)}`
}

function send(pids: number[], signal: NodeJS.Signals) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It ended by itself.
    }
  }
}
