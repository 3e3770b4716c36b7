/** The queue-processor chooses one scheme. Port slot n is a port of 127.0.0.1, which the engine forwards. */
import type { Place } from '../config/config.ts'
import { addressOf, slotAt } from './slots.ts'
import type { Facts } from '../store/facts.ts'

/** `ports[0]` is slot 1's. */
export type SlotScheme = { kind: 'network'; subnet: string } | { kind: 'port'; ports: number[] }

export interface HostPort extends Place {
  /** The container's fixed address; null where the engine chooses one. */
  address: string | null
  /** On 127.0.0.1; null for none. */
  published: number | null
}

export type Found = Pick<HostPort, 'address' | 'published'>

const LOOPBACK = '127.0.0.1'

/** Undefined until the queue-processor has chosen. */
export function slotSchemeIn(facts: Pick<Facts, 'get'>): SlotScheme | undefined {
  if (facts.get('slotKind') === 'port') return { kind: 'port', ports: portsIn(facts) }
  const subnet = facts.get('subnet')
  return subnet ? { kind: 'network', subnet } : undefined
}

export function portsIn(facts: Pick<Facts, 'get'>): number[] {
  return facts.get('slotPorts') ?? []
}

export function hostPortOf(scheme: SlotScheme, { slot, port }: { slot: number; port: number }): HostPort {
  if (scheme.kind === 'network') {
    const address = addressOf(scheme.subnet, slot)
    return { host: address, port, address, published: null }
  }
  const published = scheme.ports[slot - 1]
  if (published === undefined) throw new Error(`there is no slot ${slot}`)
  return { host: LOOPBACK, port: published, address: null, published }
}

export function slotOf(scheme: SlotScheme, { address, published }: Found): number | null {
  if (scheme.kind === 'network') return address === null || published !== null ? null : slotAt(scheme.subnet, address)
  return scheme.ports.indexOf(published ?? -1) + 1 || null
}

/** `10.83.0.25:80`. */
export function hostPortText({ host, port }: Place): string {
  return `${host}:${port}`
}

/**
 * The slot's upstream group, where the application listens on the pool's port (on port slots always); else the address
 * alone, `10.83.0.25:3000`.
 */
export function upstreamOf(generation: { slot: number; port: number }, scheme: SlotScheme, poolPort: number): string {
  if (scheme.kind === 'port' || generation.port === poolPort) return `slot_${generation.slot}`
  return hostPortText(hostPortOf(scheme, generation))
}

export function isSameScheme(a: SlotScheme, b: SlotScheme): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
