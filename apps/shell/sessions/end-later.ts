/** What a session has left in its container where it could not be ended at once: the engine was away, or the container frozen. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ShellContext } from '../context.ts'
import { endProcesses } from '../helper/end-processes.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/** Tries until nothing is left, or the container has ended. Never rejects; does not keep the process up. */
export async function endLater(
  context: Pick<ShellContext, 'engine' | 'helpers' | 'sessions' | 'log'>,
  session: string,
  container: string,
): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
    await sleep(pause, undefined, { ref: false })
    if (await isOver(context, session, container).catch(() => false)) break
  }
  context.log.info({ session }, 'ended what a session had left')
  context.sessions.cleared(session)
}

/** @throws EngineError */
async function isOver(
  { engine, helpers }: Pick<ShellContext, 'engine' | 'helpers'>,
  session: string,
  container: string,
): Promise<boolean> {
  const found = await engine.inspect(container)
  return !found?.running || (await endProcesses(helpers, { container, network: container }, session)) === 0
}
