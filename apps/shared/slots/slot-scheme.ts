/**
 * Where slots are. There are two kinds, one of which a Lotan has at a time:
 *
 *   network   slot n is a fixed address on the previews' network, at the application's own port
 *   port      slot n is a port of 127.0.0.1, which the engine hands on to the container
 *
 * The queue-processor decides on the kind and notes it in the database; everybody else asks here.
 */
import type { Place } from '../config/config.ts'
import { addressOf, slotAt } from './slots.ts'
import type { Store } from '../store/store.ts'

export type SlotKind = 'network' | 'port'

/** `ports[0]` is slot 1's. */
export type SlotScheme = { kind: 'network'; subnet: string } | { kind: 'port'; ports: number[] }

/** Where one slot is: the host and port that requests are sent to, and what its container has to be created with. */
export interface HostPort extends Place {
  /** The container's fixed address on the network; null where it may be any. */
  address: string | null
  /** The port of 127.0.0.1 that leads to the container; null where none does. */
  published: number | null
}

/** What the engine tells of a container's place. */
export type Found = Pick<HostPort, 'address' | 'published'>

const LOOPBACK = '127.0.0.1'

/** The places of this Lotan's slots, or undefined where that is not known yet. */
export function slotSchemeIn(meta: Pick<Store['meta'], 'get'>): SlotScheme | undefined {
  if (meta.get('slot_kind') === 'port') return { kind: 'port', ports: portsIn(meta) }
  const subnet = meta.get('subnet')
  return subnet ? { kind: 'network', subnet } : undefined
}

/** The ports of 127.0.0.1 that are the slots', whichever kind is in use; none where they were never needed. */
export function portsIn(meta: Pick<Store['meta'], 'get'>): number[] {
  return JSON.parse(meta.get('slot_ports') ?? '[]') as number[]
}

/**
 * Where a slot is.
 * @param generation.port where the application listens, inside of its container
 */
export function hostPortOf(places: SlotScheme, { slot, port }: { slot: number; port: number }): HostPort {
  if (places.kind === 'network') {
    const address = addressOf(places.subnet, slot)
    return { host: address, port, address, published: null }
  }
  const published = places.ports[slot - 1]
  if (published === undefined) throw new Error(`there is no slot ${slot}`)
  return { host: LOOPBACK, port: published, address: null, published }
}

/** The slot whose place a container has, or null for one that has none. */
export function slotOf(places: SlotScheme, { address, published }: Found): number | null {
  if (places.kind === 'network') return address === null || published !== null ? null : slotAt(places.subnet, address)
  return places.ports.indexOf(published ?? -1) + 1 || null
}

/** A place as one word, `10.83.0.25:80`. */
export function hostPortText({ host, port }: Place): string {
  return `${host}:${port}`
}

/**
 * What nginx is told to pass a request to: the group it keeps connections to where the preview listens on the pool's
 * port, as it always does where slots are ports, else the bare address.
 *
 * @returns `slot_17` or `10.83.0.25:3000`
 */
export function upstreamOf(generation: { slot: number; port: number }, places: SlotScheme, poolPort: number): string {
  if (places.kind === 'port' || generation.port === poolPort) return `slot_${generation.slot}`
  return hostPortText(hostPortOf(places, generation))
}

/** Whether both are the same places. */
export function same(a: SlotScheme, b: SlotScheme): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
