/**
 * Slots of services with a second host: the last 256 of Lotan's network, base + 1792 to base + 2047. A service joins that
 * network only to be reached: the firewall drops what the lower half of them begins. The upper half is for services that
 * may call out (`egress`). Where slots are ports there are none. Pure.
 */
import type { Place } from '../config/config.ts'
import type { SlotScheme } from './slot-scheme.ts'
import { addressOf, MAX_SLOTS } from './slots.ts'

const HALF = 128
export const SERVICE_SLOTS = 2 * HALF

export interface SlotRange {
  first: number
  last: number
}

export function serviceSlots({ egress }: { egress: boolean }): SlotRange {
  const first = MAX_SLOTS + 1 + (egress ? HALF : 0)
  return { first, last: first + HALF - 1 }
}

export function isServiceSlot(slot: number): boolean {
  return slot > MAX_SLOTS && slot <= MAX_SLOTS + SERVICE_SLOTS
}

/** Those that may begin no connection, in CIDR notation. */
export function mutedRangeOf(subnet: string): string {
  return `${addressOf(subnet, serviceSlots({ egress: false }).first)}/25`
}

/** Null where slots are ports. */
export function serviceHostPort(scheme: SlotScheme, { slot, port }: { slot: number; port: number }): Place | null {
  return scheme.kind === 'network' ? { host: addressOf(scheme.subnet, slot), port } : null
}
