/**
 * Lotan's own bridge network is a /20. Slot n is base + 8 + n in its lower half; the engine chooses its addresses in
 * the upper half, so it never takes a slot's. The last 256 slots, a /24, are for services with a second host
 * (service-slots.ts); a preview has none of them.
 */

export type SlotKind = 'network' | 'port'

const FIRST = 8
/** Of previews: what LOTAN_SLOTS may be at most. */
export const MAX_SLOTS = 2048 - 256 - FIRST - 1
const LAST_SLOT = MAX_SLOTS + 256
const PREFIX = 20
const SIZE = 2 ** (32 - PREFIX)

/** Searched in this order: ranges that few networks use come first. */
const ranges = ['10.83.0.0/10', '172.20.0.0/14', '192.168.64.0/18', '172.16.0.0/12', '10.0.0.0/8']

/** @param taken in CIDR notation; what is no IPv4 network is ignored @throws when every private address is taken */
export function subnetFor(taken: string[]): string {
  const subnet = freeBlock(PREFIX, taken)
  if (subnet !== undefined) return subnet
  throw new Error('no private /20 network is free: every one overlaps a network of this machine or of the engine')
}

/** @param turn a whole number: the block of each range with which the search begins */
export function freeBlock(prefix: number, taken: string[], turn = 0): string | undefined {
  const size = 2 ** (32 - prefix)
  const others = taken.map(blockOf).filter((block) => block !== null)
  for (const range of ranges) {
    const start = numberOf(range.slice(0, range.indexOf('/')))!
    const count = Math.floor((blockOf(range)!.last + 1 - start) / size)
    for (let n = 0; n < count; n++) {
      const first = start + ((n + turn) % count) * size
      if (!others.some((other) => other.first < first + size && first <= other.last))
        return `${textOf(first)}/${prefix}`
    }
  }
  return undefined
}

/** Block n of so many that a subnet has, counted from 0. */
export function blockIn(subnet: string, prefix: number, n: number): string {
  return `${textOf(blockOf(subnet)!.first + n * 2 ** (32 - prefix))}/${prefix}`
}

/** All in CIDR notation. */
export function overlaps(subnet: string, others: string[]): boolean {
  const block = blockOf(subnet)
  if (!block) return false
  return others.map(blockOf).some((other) => other !== null && other.first <= block.last && block.first <= other.last)
}

/** Slots are numbered from 1; those of services follow on those of previews. */
export function addressOf(subnet: string, slot: number): string {
  if (!Number.isInteger(slot) || slot < 1 || slot > LAST_SLOT) throw new Error(`there is no slot ${slot}`)
  return textOf(blockOf(subnet)!.first + FIRST + slot)
}

export function slotAt(subnet: string, address: string): number | null {
  const block = blockOf(subnet)
  const number = numberOf(address)
  if (!block || number === null) return null
  const slot = number - block.first - FIRST
  return slot >= 1 && slot <= LAST_SLOT ? slot : null
}

export function dynamicRangeOf(subnet: string): string {
  return `${textOf(blockOf(subnet)!.first + SIZE / 2)}/${PREFIX + 1}`
}

export function gatewayOf(subnet: string): string {
  return textOf(blockOf(subnet)!.first + 1)
}

/** Lotan's own container: no slot's address, and none that the engine chooses. */
export function frontOf(subnet: string): string {
  return textOf(blockOf(subnet)!.first + 2)
}

export function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535
}

export function networkName(instance: string): string {
  return `lotan-${instance}`
}

function blockOf(cidr: string): { first: number; last: number } | null {
  const [address = '', bits = '32'] = cidr.split('/')
  const number = numberOf(address)
  const length = Number(bits)
  if (number === null || !/^\d+$/.test(bits) || length > 32) return null
  const size = 2 ** (32 - length)
  const first = Math.floor(number / size) * size
  return { first, last: first + size - 1 }
}

function numberOf(address: string): number | null {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
