/** A process group: a part with all that it has started, such as nginx with its workers. */
import fs from 'node:fs'
import { waitFor } from '../wait-for.ts'

/** How long processes that were killed may take to be gone; they take milliseconds. */
const GONE_MS = 500
const LOOK_MS = 5

/** Ends all of a group by force. @param id the process that the group began with; undefined for none */
export function killGroup(id: number | undefined): void {
  if (id === undefined) return
  try {
    process.kill(-id, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}

/**
 * Waits until all of a group that was killed has ended, and let go of what it held: nginx's workers, whose master was
 * killed, go on listening until then, and the next nginx that meets them tries again half a second later.
 */
export async function groupEnded(id: number): Promise<void> {
  await waitFor(() => !isLeft(id), { within: GONE_MS, every: LOOK_MS })
}

function isLeft(id: number): boolean {
  try {
    process.kill(-id, 0)
  } catch {
    return false
  }
  // Also true of those that have ended, and that their new parent has not heard of: in a container that may be never.
  return fs.readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && runsIn(pid, id))
}

function runsIn(pid: string, id: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the program's name, in brackets that it may hold itself.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(group) === id && state !== 'Z'
  } catch {
    return false
  }
}
