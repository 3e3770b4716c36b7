/** Whether a container that did not answer is really gone. That is looked at, not believed: a wrong yes restarts it in use. */
import type { RouterContext } from '../context.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from '../../shared/config/config.ts'
import type { In } from '../../shared/preview/preview.ts'
import { staysConnected } from './tcp-probe.ts'
import type { Look } from '../reaper-client.ts'
import { hostPortIn, upstreamIn } from './upstream.ts'

/** How long the reaper, which may be restarting, is asked about a container that did not answer. Milliseconds. */
const LOOK_MS = 4_000
const LOOK_AGAIN_MS = 250
/** A process that ends has closed its port when so long has passed since it closed a connection. Milliseconds. */
const MOMENT_MS = 50

/**
 * Looks at a running preview's container. Where it is gone, its route is too, before this answers.
 *
 * @returns in doubt false
 */
export async function isLostContainer(
  preview: In<'running'>,
  { store, nudges, reaper, log }: Pick<RouterContext, 'store' | 'nudges' | 'reaper' | 'log'>,
): Promise<boolean> {
  const { tag, generation } = preview
  const end = Date.now() + LOOK_MS
  for (let looks = 0; ;) {
    const found = await reaper.container(generation.container).catch(() => undefined)
    const now = store.get(tag)
    // Somebody else has found out meanwhile, and a container that was started again is the same one.
    if (now?.state !== 'running' || upstreamIn(store.meta, now) !== upstreamIn(store.meta, preview)) return true
    if (found && ('gone' in found || !found.running)) {
      voidRoute(preview, found, { store, nudges })
      return true
    }
    // The application's end is seen by its clients first, and by the engine a moment later.
    if (found && (++looks > 1 || (await stays(hostPortIn(store.meta, preview))))) return false
    if (Date.now() >= end) {
      log.warn({ tag }, 'the reaper could not be asked about a container')
      return false
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

function voidRoute(
  { tag, generation }: In<'running'>,
  found: Look,
  { store, nudges }: Pick<RouterContext, 'store' | 'nudges'>,
) {
  const gone = 'gone' in found
  const exitCode = gone ? undefined : (found.exitCode ?? undefined)
  const detail = gone ? 'the container was removed by somebody else' : `exit status ${exitCode}`
  const reason = { code: 'exited' as const, detail, exitCode }
  const exited = store.apply(tag, { type: 'exited', generation: generation.number, gone, reason })
  if (exited) void nudges.nudge(exited)
}

/**
 * Whether somebody accepts a connection and keeps it, and does so a moment later still: a process that ends closes its
 * connections before its port. That it is accepted alone proves nothing: at a published port the engine accepts.
 */
async function stays({ host, port }: Place): Promise<boolean> {
  return (await staysConnected(host, port, MOMENT_MS)) && (await staysConnected(host, port, MOMENT_MS))
}
