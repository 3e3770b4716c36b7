import { setTimeout as sleep } from 'node:timers/promises'
import type { In } from '../../shared/preview/preview.ts'
import type { Generation } from '../../shared/preview/generation.ts'
import { serviceHostPort } from '../../shared/slots/service-slots.ts'
import { hostPortOf, hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { PlacedService } from '../../shared/store/services.ts'
import type { Dependencies, Waits } from '../dependencies.ts'
import { whileWanted } from './while-wanted.ts'
import { idOf, logFields, type PreviewKey } from '../../shared/preview/preview-id.ts'

type Draining = In<'stopping'> | In<'removing'> | In<'paused'>
type SlotUser = PreviewKey & { generation: Generation | null; services?: PlacedService[] }

const LOOK_EVERY_MS = 500

/** @returns whether the preview was used meanwhile; undefined where a click called it back */
export async function waitForDrain(
  deps: Dependencies,
  preview: Draining,
): Promise<{ used: boolean; open: boolean } | undefined> {
  const { store, waits } = deps
  const { since } = preview
  const wasDrained = await whileRouteIsGone(deps, preview, async (signal) => {
    await sleep(drainLeft(since, waits), undefined, { signal })
    return true
  })
  if (!wasDrained) return undefined
  const open = (await connectionsOf(deps, wholeOf(deps, preview))) !== 0
  // It may have been called back during the look: then it must not be frozen.
  if (!isRouteGone(deps, preview)) return undefined
  const lastSeen = store.get(idOf(preview))?.lastSeen ?? 0
  // Use that is reported only now may predate the end of the route.
  const used = lastSeen >= since || lastSeen > (preview.lastSeen ?? 0)
  return { used, open }
}

/** At most the whole drain: the clock may have stepped back. */
export function drainLeft(since: number, { drain }: Waits): number {
  return Math.min(drain, Math.max(0, since + drain - Date.now()))
}

/** @returns undefined where a click called it back */
export async function waitForGrace(deps: Dependencies, preview: Draining): Promise<boolean | undefined> {
  return whileRouteIsGone(deps, preview, (signal) =>
    waitForConnections(deps, wholeOf(deps, preview), Date.now() + deps.waits.grace, signal),
  )
}

export async function waitForConnections(
  deps: Dependencies,
  preview: SlotUser,
  end: number,
  signal?: AbortSignal,
): Promise<true> {
  // Does not wait where connections cannot be counted.
  while (Date.now() < end && (await connectionsOf(deps, preview)))
    await sleep(Math.min(LOOK_EVERY_MS, Math.max(1, end - Date.now())), undefined, { signal })
  return true
}

/** A preview that goes takes its services' second hosts with it. */
function wholeOf({ store }: Dependencies, preview: Draining): SlotUser {
  return { ...preview, services: store.services.placed().filter(({ id }) => id === idOf(preview)) }
}

async function connectionsOf({ network, connections, log }: Dependencies, preview: SlotUser) {
  const { generation, services = [] } = preview
  const slot = generation?.slot ?? null
  if (slot === null && services.length === 0) return 0
  try {
    const slotScheme = await network.slotScheme()
    const places = services.flatMap((service) => serviceHostPort(slotScheme, service) ?? [])
    if (slot !== null) places.push(hostPortOf(slotScheme, { slot, port: generation!.port }))
    const peers = new Set(places.map(hostPortText))
    return (await connections(slotScheme)).filter(({ peer }) => peers.has(peer)).length
  } catch (error) {
    log.warn({ ...logFields(idOf(preview)), error: (error as Error).message }, 'open connections cannot be counted')
    return undefined
  }
}

function whileRouteIsGone<T>(deps: Dependencies, preview: Draining, step: (signal: AbortSignal) => Promise<T>) {
  return whileWanted(deps.store, () => isRouteGone(deps, preview), step)
}

function isRouteGone({ store }: Dependencies, preview: Draining): boolean {
  const now = store.get(idOf(preview))
  return now?.state === preview.state && now.since === preview.since
}
