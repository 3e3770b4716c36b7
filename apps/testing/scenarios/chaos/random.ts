/** Numbers that a seed repeats. */
import { createHash } from 'node:crypto'

export type Random = ReturnType<typeof seeded>

export function seeded(seed: string) {
  let drawn = 0
  /** From 0 up to 1. */
  const next = () => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32
  return {
    below: (most: number): number => Math.floor(next() * most),
    oneOf: <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)]!,
  }
}
