/** Checks whether a container that did not answer is gone. A wrong yes would restart a container in use. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from '../../../shared/config/config.ts'
import type { In } from '../../../shared/preview/preview.ts'
import type { RouterContext } from '../../context.ts'
import { staysConnected } from './tcp-probe.ts'
import type { ContainerState } from '../../reaper-client.ts'
import { hostPortIn, upstreamIn } from '../upstream.ts'
import { idOf, logFields } from '../../../shared/preview/preview-id.ts'

/** How long to retry the reaper, which may be restarting. */
export const CHECK_MS = 4_000
export const RETRY_MS = 250
/** A process that ends closes its port within this time after its connections. */
const CLOSING_MS = 50

/** Applies `exited` for a container that is gone, so that its route ends too. @returns false in doubt */
export async function isLostContainer(
  preview: In<'running'>,
  { store, nudges, reaper, log }: Pick<RouterContext, 'store' | 'nudges' | 'reaper' | 'log'>,
): Promise<boolean> {
  const { generation } = preview
  const id = idOf(preview)
  const end = Date.now() + CHECK_MS
  for (let checks = 0; ;) {
    const found = await reaper.container(generation.container).catch(() => undefined)
    const now = store.get(id)
    // Another request has found out meanwhile, or the same container was started again.
    if (now?.state !== 'running' || upstreamIn(store.facts, { preview: now }) !== upstreamIn(store.facts, { preview }))
      return true
    if (found && ('gone' in found || !found.running)) {
      voidRoute(preview, found, { store, nudges })
      return true
    }
    // Clients see an application's end a moment before the engine does.
    if (found && (++checks > 1 || (await staysUp(hostPortIn(store.facts, { preview }))))) return false
    if (Date.now() >= end) {
      log.warn(logFields(id), 'the reaper could not be asked about a container')
      return false
    }
    await sleep(RETRY_MS)
  }
}

function voidRoute(
  preview: In<'running'>,
  found: ContainerState,
  { store, nudges }: Pick<RouterContext, 'store' | 'nudges'>,
) {
  const gone = 'gone' in found
  const exitCode = gone ? undefined : (found.exitCode ?? undefined)
  const ended = exitCode === undefined ? 'the sandbox that held its network ended' : `exit status ${exitCode}`
  const detail = gone ? 'another program removed the container' : ended
  const reason = { code: 'exited' as const, detail, exitCode }
  const exited = store.apply(idOf(preview), { type: 'exited', generation: preview.generation.number, gone, reason })
  if (exited) void nudges.nudge(exited)
}

/** Twice: a process that ends closes its port last. Each must last: the engine itself accepts at published ports. */
export async function staysUp({ host, port }: Place): Promise<boolean> {
  return (await staysConnected(host, port, CLOSING_MS)) && (await staysConnected(host, port, CLOSING_MS))
}
