/**
 * What an earlier launcher that was killed left behind. Its parts are told to end by the kernel, but their own children
 * are not: nginx's workers survive a master that was killed, and go on holding the port.
 *
 * A part is known by what its children inherit: its standard input, which is its lock in this data directory, or its
 * output, where that goes to one of the logs. That needs no list of process ids, so none that meanwhile belongs to
 * somebody else is ever hit.
 */
import fs from 'node:fs'
import { waitFor } from '../wait-for.ts'

/** Long enough for a router that is ending to finish; it was told when its launcher died. */
const GRACE_MS = 1_500

/**
 * Ends every process whose standard input or output is one of these files.
 *
 * @param files absolute paths
 * @returns how many there were
 * @throws when one does not end, which only happens where it waits for a broken disk
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

/** The ids of the processes whose standard input or output is one of these files. Other users' are not seen. */
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

/** The kernel names files by their real path. The file itself may not exist yet. */
function realPath(file: string): string {
  const cut = file.lastIndexOf('/')
  return `${fs.realpathSync(file.slice(0, cut))}${file.slice(cut)}`
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
