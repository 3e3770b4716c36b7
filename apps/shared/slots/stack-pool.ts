/** The networks of stacks are subnets of a pool. A preview's number says which: 1 is the pool's second /27. Pure. */
import { blockIn, freeBlock } from './slots.ts'

/** 29 addresses for containers. */
const PREFIX = 27
/** A large one first: 2 047, 511 or 127 stacks. */
const POOLS = [16, 18, 20]

/**
 * Two Lotans on one engine rarely begin their search at the same place: the engine tells nothing of pools.
 * @param taken in CIDR notation
 */
export function stackPoolFor(taken: string[], instance: string): string {
  for (const prefix of POOLS) {
    const pool = freeBlock(prefix, taken, parseInt(instance, 16))
    if (pool !== undefined) return pool
  }
  throw new Error('no private /20 network is free for stacks: every one overlaps a network of this machine or of the engine') // prettier-ignore
}

export function mostStacksIn(pool: string): number {
  return 2 ** (PREFIX - Number(pool.split('/')[1])) - 1
}

export function stackSubnetOf(pool: string, number: number): string {
  if (!Number.isInteger(number) || number < 1 || number > mostStacksIn(pool))
    throw new Error(`${pool} has no subnet ${number}`)
  return blockIn(pool, PREFIX, number)
}
