/**
 * What comes between a route that has gone and a container that is ended or frozen: nobody may be sent to it any more,
 * and nobody may still be served by it. A click calls the preview back: its state changes, and the wait ends. Holds no
 * lane.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Generation, In } from '../../shared/preview/preview.ts'
import { hostPortOf, hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { Dependencies, Waits } from '../dependencies.ts'
import { whileWanted } from './while-wanted.ts'

type Draining = In<'stopping'> | In<'removing'> | In<'paused'>
type Slotted = { tag: string; generation: Generation | null }

/** How often connections are looked at while they get their grace. */
const LOOK_EVERY_MS = 500

/**
 * Waits until no cached answer can name the route any more.
 * @returns whether more use of it has become known meanwhile, or it has connections; undefined where it was called back meanwhile
 */
export async function drained(
  parts: Dependencies,
  preview: Draining,
): Promise<{ used: boolean; open: boolean } | undefined> {
  const { store, waits } = parts
  const { tag, since } = preview
  const waited = await whileRouteIsGone(parts, preview, async (signal) => {
    await sleep(drainLeft(since, waits), undefined, { signal })
    return true
  })
  if (!waited) return undefined
  const open = (await connectionsOf(parts, preview)) !== 0
  // Looking took a moment, in which it may have been called back: it must not be frozen then.
  if (!isGone(parts, preview)) return undefined
  const lastSeen = store.get(tag)?.lastSeen ?? 0
  // What becomes known only now may have been before the route went: it was not thought of then.
  const used = lastSeen >= since || lastSeen > (preview.lastSeen ?? 0)
  return { used, open }
}

/** How much of the drain is left, milliseconds; never more than all of it, though the clock has stepped back. */
export function drainLeft(since: number, { drain }: Waits): number {
  return Math.min(drain, Math.max(0, since + drain - Date.now()))
}

/**
 * Waits for the connections that are still open, a request in flight perhaps, for as long as their grace lasts.
 * @returns undefined where it was called back meanwhile
 */
export async function graced(parts: Dependencies, preview: Draining): Promise<boolean | undefined> {
  return whileRouteIsGone(parts, preview, (signal) =>
    untilFinished(parts, preview, Date.now() + parts.waits.grace, signal),
  )
}

/**
 * Waits until no connection is open to a slot, or its grace is over.
 * @param end milliseconds since 1970
 */
export async function untilFinished(
  parts: Dependencies,
  preview: Slotted,
  end: number,
  signal?: AbortSignal,
): Promise<true> {
  // Where they cannot be seen there is nothing to wait for.
  while (Date.now() < end && (await connectionsOf(parts, preview)))
    await sleep(Math.min(LOOK_EVERY_MS, Math.max(1, end - Date.now())), undefined, { signal })
  return true
}

/** How many connections are open to a preview's slot; undefined where they cannot be seen. */
async function connectionsOf({ network, connections, log }: Dependencies, { tag, generation }: Slotted) {
  const { slot, port } = generation ?? { slot: null, port: 0 }
  if (slot === null) return 0
  try {
    const places = await network.places()
    const place = hostPortText(hostPortOf(places, { slot, port }))
    return (await connections(places)).filter(({ peer }) => peer === place).length
  } catch (error) {
    log.warn({ tag, error: (error as Error).message }, 'connections cannot be seen')
    return undefined
  }
}

function whileRouteIsGone<T>(parts: Dependencies, preview: Draining, step: (signal: AbortSignal) => Promise<T>) {
  return whileWanted(parts.store, () => isGone(parts, preview), step)
}

function isGone({ store }: Dependencies, { tag, state, since }: Draining): boolean {
  const now = store.get(tag)
  return now?.state === state && now.since === since
}
