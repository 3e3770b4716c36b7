/**
 * Finds use without requests: bytes that move on an open connection, a WebSocket's say. The kernel does not tell a
 * person's connection from a robot's: one that appeared without a recorded visit counts as a robot's. Another preview's
 * is marked, and counts for nothing: what a call means is noted as it begins.
 */
import { nextBeat } from '../../shared/beat.ts'
import type { Connection } from '../../shared/slots/connections.ts'
import type { Log } from '../../shared/log.ts'
import { generationOf, isDraining, type Preview } from '../../shared/preview/preview.ts'
import { serviceHostPort } from '../../shared/slots/service-slots.ts'
import { hostPortOf, slotSchemeIn, hostPortText, type SlotScheme } from '../../shared/slots/slot-scheme.ts'
import type { PlacedService } from '../../shared/store/services.ts'
import type { Store } from '../../shared/store/store.ts'
import { retryForever } from '../../shared/retry-forever.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

/** nginx asks about a host at most every 2 s, and may use an answer for 1 s more. */
const PERSON_MS = 5_000
const LATE_MS = 1_000

export interface Dependencies {
  sample: (slotScheme: SlotScheme) => Promise<Connection[]>
  store: Pick<Store, 'list' | 'facts' | 'touch'> & { services: Pick<Store['services'], 'placed'> }
  log: Log
}

interface SeenConnection {
  bytes: number
  after: number
  firstSeen: number
  owner: 'unknown' | 'person' | 'robot' | 'call'
}

/** Runs until the signal. @param every milliseconds between two looks */
export function watchConnections(deps: Dependencies, every: number, signal: AbortSignal) {
  const { sample, store, log } = deps
  let look: Look | undefined
  let knownUntil = -Infinity
  let failing = false
  void retryForever('connections', log, signal, watch)

  async function watch() {
    while (!signal.aborted) {
      const slotScheme = slotSchemeIn(store.facts)
      const previews = store.list().filter(isUsable)
      if (slotScheme && previews.length > 0) await lookAt(slotScheme)
      else {
        look = undefined
        if (slotScheme) knownUntil = Date.now()
      }
      await nextBeat(every, signal)
    }
  }

  async function lookAt(slotScheme: SlotScheme) {
    const connections = await sample(slotScheme).catch((error: Error) => {
      // Logged once. Until then only requests count.
      if (!failing) log.error({ error: error.message }, 'open connections cannot be read; install iproute2')
    })
    failing = !connections
    const now = Date.now()
    // A look covers the time since the one before. Without looks only requests count.
    if (look || failing) knownUntil = now
    if (!connections) return void (look = undefined)
    // Read after the connections: the visit that opened one is recorded by now.
    look = nextLook(look, connections, store.list().filter(isUsable), store.services.placed(), slotScheme, now)
    if (look.used.size > 0) store.touch([...look.used].map((id) => [id, now]))
  }

  return {
    /** All use before this is in the database. The reaper's own downtime is covered by the next look. */
    knownUntil: (): number => knownUntil,

    /** Previews with a client connected, even silently; undefined where that is not known. */
    open: (): PreviewId[] | undefined => look && [...look.open],

    /** True in doubt. */
    isOpen: (id: PreviewId): boolean => look?.open.has(id) ?? true,
  }
}

export interface Look {
  at: number
  known: Map<string, SeenConnection>
  open: Set<PreviewId>
  used: Set<PreviewId>
}

export function nextLook(
  before: Look | undefined,
  connections: readonly Connection[],
  previews: readonly Preview[],
  services: readonly PlacedService[],
  slotScheme: SlotScheme,
  now: number,
): Look {
  const look: Look = { at: now, known: new Map(), open: new Set(), used: new Set() }
  const byAddress = new Map(
    previews.map((preview) => {
      const { slot, port } = generationOf(preview)!
      return [hostPortText(hostPortOf(slotScheme, { slot: slot!, port })), preview]
    }),
  )
  const byId = new Map(services.length > 0 ? previews.map((preview) => [idOf(preview), preview]) : [])
  for (const { id, ...at } of services) {
    const place = serviceHostPort(slotScheme, at)
    const preview = byId.get(id)
    if (place && preview) byAddress.set(hostPortText(place), preview)
  }
  for (const { key, peer, bytes, isCall } of connections) {
    const preview = byAddress.get(peer)
    if (!preview) continue
    const was = before?.known.get(key) ?? { bytes, after: before?.at ?? 0, firstSeen: now, owner: 'unknown' }
    const known: SeenConnection = { ...was, bytes, owner: isCall ? 'call' : ownerOf(was, preview, now) }
    look.known.set(key, known)
    look.open.add(idOf(preview))
    if (known.owner === 'person' && bytes > was.bytes) look.used.add(idOf(preview))
  }
  return look
}

function ownerOf(
  { owner, after, firstSeen }: SeenConnection,
  { lastSeen }: Preview,
  now: number,
): SeenConnection['owner'] {
  if (owner !== 'unknown') return owner
  if ((lastSeen ?? 0) >= after - PERSON_MS) return 'person'
  return now - firstSeen > LATE_MS ? 'robot' : owner
}

/** Whether connections to its slot count: until its route has been gone for long enough. */
function isUsable(preview: Preview): boolean {
  if (!generationOf(preview)?.slot) return false
  return preview.state === 'running' || isDraining(preview)
}
