/** What an earlier process has left behind when it was killed: processes in containers, helpers, rows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, RUN } from '../../shared/engine/engine.ts'
import type { ShellSession } from '../../shared/store/store.ts'
import type { ShellContext } from '../context.ts'
import { endProcesses } from '../helper/end-processes.ts'

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
  const { engine, helpers, store } = context
  await helpers.removeAll()
  await engine.removeLabelled(RUN)
  for (const left of store.shellSessions.list()) {
    await endLeft(context, left)
    store.shellSessions.close(left.id)
    const { preview, kind, service, program, opened, who, address } = left
    const seconds = Math.max(0, Math.round((Date.now() - opened) / 1_000))
    store.noteDone(preview, { type: 'session', kind, service, program, end: { why: 'lotan-ended' }, seconds }, Date.now(), { who, address }) // prettier-ignore
  }
}

async function endLeft({ engine, helpers, log }: ShellContext, { id, container, kind }: ShellSession): Promise<void> {
  if (container === null || (kind !== 'shell' && kind !== 'exec' && kind !== 'files')) return
  const found = await engine.inspect(container)
  if (!found?.running || found.status === 'paused') return
  const left = await endProcesses(helpers, { container, network: container }, id)
  await helpers.remove(container)
  log.info({ session: id, left }, 'ended what a session had left')
}
