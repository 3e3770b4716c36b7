/** Waits after a route was removed until no cached answer names it and its connections have ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Generation, In } from '../../shared/preview/preview.ts'
import { hostPortOf, hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { Dependencies, Waits } from '../dependencies.ts'
import { whileWanted } from './while-wanted.ts'

type Draining = In<'stopping'> | In<'removing'> | In<'paused'>
type Slotted = { tag: string; generation: Generation | null }

const LOOK_EVERY_MS = 500

/** @returns whether the preview was used meanwhile; undefined where a click called it back */
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
  // It may have been called back during the look: then it must not be frozen.
  if (!isGone(parts, preview)) return undefined
  const lastSeen = store.get(tag)?.lastSeen ?? 0
  // Use that is reported only now may predate the end of the route.
  const used = lastSeen >= since || lastSeen > (preview.lastSeen ?? 0)
  return { used, open }
}

/** Never more than the whole drain, though the clock has stepped back. */
export function drainLeft(since: number, { drain }: Waits): number {
  return Math.min(drain, Math.max(0, since + drain - Date.now()))
}

/** @returns undefined where a click called it back */
export async function graced(parts: Dependencies, preview: Draining): Promise<boolean | undefined> {
  return whileRouteIsGone(parts, preview, (signal) =>
    untilFinished(parts, preview, Date.now() + parts.waits.grace, signal),
  )
}

export async function untilFinished(
  parts: Dependencies,
  preview: Slotted,
  end: number,
  signal?: AbortSignal,
): Promise<true> {
  // Does not wait where connections cannot be counted.
  while (Date.now() < end && (await connectionsOf(parts, preview)))
    await sleep(Math.min(LOOK_EVERY_MS, Math.max(1, end - Date.now())), undefined, { signal })
  return true
}

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
