/**
 * Detects use without requests: bytes that move on an open connection, such as a WebSocket's. The kernel does not tell
 * a person's connection from a robot's, so one that appeared without a recorded visit counts as a robot's.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../shared/slots/connections.ts'
import type { Log } from '../shared/log.ts'
import { generationOf, type Preview } from '../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText, type SlotScheme } from '../shared/slots/slot-scheme.ts'
import type { Store } from '../shared/store/store.ts'
import { retryForever } from './retry-forever.ts'

/** nginx asks about a host at most every 2 s, and may use an answer for 1 s more. */
const PERSON_MS = 5_000
const LATE_MS = 1_000

export interface Needs {
  sample: (places: SlotScheme) => Promise<Connection[]>
  store: Pick<Store, 'list' | 'meta' | 'touch'>
  log: Log
}

interface Known {
  bytes: number
  after: number
  firstSeen: number
  whose: 'nobody knows' | 'person' | 'robot'
}

/** Runs until the signal. @param every milliseconds between two looks */
export function watchConnections(needs: Needs, every: number, signal: AbortSignal) {
  const { sample, store, log } = needs
  let look: Look | undefined
  let knownUntil = -Infinity
  let failing = false
  void retryForever('connections', log, signal, watch)

  async function watch() {
    while (!signal.aborted) {
      const places = slotSchemeIn(store.meta)
      const previews = store.list().filter(isUsable)
      if (places && previews.length > 0) await lookAt(places)
      else {
        look = undefined
        if (places) knownUntil = Date.now()
      }
      await sleep(every, undefined, { signal }).catch(() => {})
    }
  }

  async function lookAt(places: SlotScheme) {
    const connections = await sample(places).catch((error: Error) => {
      // Logged once. Until then only requests count.
      if (!failing) log.error({ error: error.message }, 'open connections cannot be read; is iproute2 there?')
    })
    failing = !connections
    const now = Date.now()
    // A look covers the time since the one before. Without looks only requests count.
    if (look || failing) knownUntil = now
    if (!connections) return void (look = undefined)
    // Read after the connections: the visit that opened one is recorded by now.
    look = nextLook(look, connections, store.list().filter(isUsable), places, now)
    if (look.used.size > 0) store.touch([...look.used].map((tag) => [tag, now]))
  }

  return {
    /** All use before this is in the database. The reaper's own downtime is covered by the next look. */
    knownUntil: (): number => knownUntil,

    /** True in doubt. */
    isOpen: (tag: string): boolean => look?.open.has(tag) ?? true,
  }
}

export interface Look {
  at: number
  known: Map<string, Known>
  open: Set<string>
  used: Set<string>
}

export function nextLook(
  before: Look | undefined,
  connections: readonly Connection[],
  previews: readonly Preview[],
  places: SlotScheme,
  now: number,
): Look {
  const look: Look = { at: now, known: new Map(), open: new Set(), used: new Set() }
  const at = new Map(
    previews.map((preview) => {
      const { slot, port } = generationOf(preview)!
      return [hostPortText(hostPortOf(places, { slot: slot!, port })), preview]
    }),
  )
  for (const { key, peer, bytes } of connections) {
    const preview = at.get(peer)
    if (!preview) continue
    const was = before?.known.get(key) ?? { bytes, after: before?.at ?? 0, firstSeen: now, whose: 'nobody knows' }
    const known: Known = { ...was, bytes, whose: whoseIs(was, preview, now) }
    look.known.set(key, known)
    look.open.add(preview.tag)
    if (known.whose === 'person' && bytes > was.bytes) look.used.add(preview.tag)
  }
  return look
}

function whoseIs({ whose, after, firstSeen }: Known, { lastSeen }: Preview, now: number): Known['whose'] {
  if (whose !== 'nobody knows') return whose
  if ((lastSeen ?? 0) >= after - PERSON_MS) return 'person'
  return now - firstSeen > LATE_MS ? 'robot' : whose
}

/** Whether connections to its slot count: until its route has been gone for long enough. */
function isUsable(preview: Preview): boolean {
  if (!generationOf(preview)?.slot) return false
  return preview.state === 'running' || ('draining' in preview && preview.draining)
}
