/**
 * Sees an application that listens on another port than the one it is asked on. A few seconds are enough to tell of it. It
 * is no proof: a debugger's port, a database or a PHP process in the same container are open before the application, which
 * migrates, compiles or loads meanwhile. Who does that works: so it is certain only once nothing has changed for long, and
 * the container took next to nothing of the processor.
 */
import { abortableSleep } from '../step/while-wanted.ts'
import { elsewhere } from './listening.ts'

const LOOK_MS = 500
/** Processors. A development server that waits for requests takes less, one that compiles takes a whole one. */
const IDLE = 0.1

export interface PortWatch {
  port: number
  /** Undefined: that cannot be seen. */
  listens: () => Promise<string[] | undefined>
  /** Milliseconds of processor time so far; undefined: not known. */
  cpu: () => Promise<number | undefined>
  /** Called with each change; with none once it listens on the port, or nowhere. */
  tell: (elsewhere: string[]) => void
  /** Milliseconds without a change until it is told, and until it is certain. */
  told: number
  certain: number
  signal: AbortSignal
}

/** @returns once it is certain, and not else */
export async function certainlyElsewhere(watch: PortWatch): Promise<void> {
  const { port, listens, cpu, tell, told, certain, signal } = watch
  let said = ''
  let seen = { at: '', since: performance.now(), cpu: undefined as number | undefined }
  for (;;) {
    await abortableSleep(Math.min(LOOK_MS, told), signal)
    const addresses = elsewhere((await listens()) ?? [], port)
    const at = addresses.join(' ')
    if (at !== seen.at) seen = { at, since: performance.now(), cpu: at ? await cpu() : undefined }
    const steady = performance.now() - seen.since
    if (at !== said && (!at || steady >= told)) {
      tell(addresses)
      said = at
    }
    if (!at || steady < certain) continue
    const used = await cpu()
    if (used !== undefined && seen.cpu !== undefined && used - seen.cpu < IDLE * steady) return
    seen = { at, since: performance.now(), cpu: used }
  }
}
