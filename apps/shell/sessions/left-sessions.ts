/** What an earlier process has left behind when it was killed: processes in containers, helpers, rows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, RUN } from '../../shared/engine/engine.ts'
import type { LeftSession } from '../../shared/store/store.ts'
import type { ShellContext } from '../context.ts'
import { endProcesses, EVERY_SESSION } from '../helper/end-processes.ts'

const RETRY_MS = 2_000

/** Nobody is let in before that: tries until the engine answers. */
export async function endLeftSessions(context: ShellContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await endAll(context)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      context.log.warn({ error: error.message }, 'what is left of earlier sessions cannot be ended yet')
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }
}

async function endAll(context: ShellContext): Promise<void> {
  const { engine, helpers, store, log } = context
  await helpers.removeAll()
  await engine.removeLabelled(RUN)
  const rows = store.shellSessions.left()
  // Where the database was lost, the engine tells in which containers commands run.
  const containers = new Set([...rows.flatMap(({ container }) => container ?? []), ...(await engine.withCommands())])
  for (const container of containers) {
    const left = await endLeft(context, container)
    if (left > 0) log.warn({ container, left }, 'what earlier sessions began has not ended yet')
  }
  for (const row of rows) {
    if (row.ended === null) note(context, row)
    store.shellSessions.close(row.id)
  }
  if (rows.length > 0) log.info({ sessions: rows.length }, 'ended what earlier sessions had left')
}

/** One that is frozen ends as it is woken. @returns how many are left */
async function endLeft({ engine, helpers }: ShellContext, container: string): Promise<number> {
  const found = await engine.inspect(container)
  if (!found?.running) return 0
  const left = await endProcesses(helpers, { container, network: container }, EVERY_SESSION)
  await helpers.remove(container)
  return left
}

function note({ store }: Pick<ShellContext, 'store'>, row: LeftSession): void {
  const { preview, kind, service, program, opened, who, address } = row
  const now = Date.now()
  const seconds = Math.max(0, Math.round((now - opened) / 1_000))
  const end = { why: 'lotan-ended' } as const
  store.noteDone(preview, { type: 'session', kind, service, program, end, seconds }, now, { who, address })
}
