import fs from 'node:fs'
import { waitFor } from '../../wait-for.ts'

/** Killed processes end within milliseconds. */
const GONE_MS = 500
const CHECK_MS = 5

export function killGroup(id: number | undefined): void {
  if (id === undefined) return
  try {
    process.kill(-id, 'SIGKILL')
  } catch {
    // The group is empty.
  }
}

/** nginx's workers listen until they end, and a new nginx that meets them retries only half a second later. */
export async function groupEnded(id: number): Promise<void> {
  await waitFor(() => !isLeft(id), { within: GONE_MS, every: CHECK_MS })
}

function isLeft(id: number): boolean {
  try {
    process.kill(-id, 0)
  } catch {
    return false
  }
  // kill(0) also finds zombies, which a container may never reap: read their state.
  return fs.readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && runsIn(pid, id))
}

function runsIn(pid: string, id: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in brackets, and may hold brackets itself.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(group) === id && state !== 'Z'
  } catch {
    return false
  }
}
