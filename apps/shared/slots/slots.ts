/**
 * The pool of addresses that nginx knows beforehand, on a bridge network of Lotan's own.
 *
 * The network is a /20. Slot n has the address base + 8 + n in its lower half; the engine gives addresses it chooses
 * itself from the upper half, so that no slot is ever taken by anything else.
 */

/** As many slots as the lower half holds. */
export const MAX_SLOTS = 2048 - 8 - 1
const FIRST = 8
const PREFIX = 20
const SIZE = 2 ** (32 - PREFIX)

/** Where a subnet is looked for, in this order: private ranges that few networks use come first. */
const ranges = ['10.83.0.0/10', '172.20.0.0/14', '192.168.64.0/18', '172.16.0.0/12', '10.0.0.0/8']

/**
 * The first private /20 that overlaps none of the networks that are there.
 *
 * @param taken networks in CIDR notation, `172.17.0.0/16`; what is no IPv4 network is ignored
 * @returns `10.83.0.0/20`
 * @throws when every private address is taken
 */
export function subnetFor(taken: string[]): string {
  const others = taken.map(blockOf).filter((block) => block !== null)
  for (const range of ranges) {
    const start = numberOf(range.slice(0, range.indexOf('/')))!
    const end = blockOf(range)!.last
    for (let first = start; first + SIZE - 1 <= end; first += SIZE)
      if (!others.some((other) => other.first < first + SIZE && first <= other.last))
        return `${textOf(first)}/${PREFIX}`
  }
  throw new Error('no private /20 network is free: every one overlaps a network of this machine or of the engine')
}

/** Whether a network overlaps one of the others. All in CIDR notation. */
export function overlaps(subnet: string, others: string[]): boolean {
  const block = blockOf(subnet)
  if (!block) return false
  return others.map(blockOf).some((other) => other !== null && other.first <= block.last && block.first <= other.last)
}

/** The address of a slot, numbered from 1. */
export function addressOf(subnet: string, slot: number): string {
  if (!Number.isInteger(slot) || slot < 1 || slot > MAX_SLOTS) throw new Error(`there is no slot ${slot}`)
  return textOf(blockOf(subnet)!.first + FIRST + slot)
}

/** The slot that has an address, or null for an address that is no slot's. */
export function slotAt(subnet: string, address: string): number | null {
  const block = blockOf(subnet)
  const number = numberOf(address)
  if (!block || number === null) return null
  const slot = number - block.first - FIRST
  return slot >= 1 && slot <= MAX_SLOTS ? slot : null
}

/** The half of a subnet that the engine may give out by itself. */
export function dynamicRangeOf(subnet: string): string {
  return `${textOf(blockOf(subnet)!.first + SIZE / 2)}/${PREFIX + 1}`
}

/** The address of this machine on the network. */
export function gatewayOf(subnet: string): string {
  return textOf(blockOf(subnet)!.first + 1)
}

/** The address of the container that Lotan itself runs in: no slot's, and none the engine gives out. */
export function frontOf(subnet: string): string {
  return textOf(blockOf(subnet)!.first + 2)
}

/** The name of an instance's network. */
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
