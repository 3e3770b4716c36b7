/** Remembers images whose program must be process 1 and says so only when it is not. */
import type { Store } from '../../shared/store/store.ts'

/** From s6-overlay, runit, busybox: `can only run as pid 1`, `must be run as process no 1`, `must be run as PID 1`. */
const NEEDS_PID_1 = /\b(?:must|only|has to|have to|needs? to)\b.{0,40}\b(?:pid|process)\b.{0,12}\b1\b/i

const META = 'first_processes'
const MAX_IMAGES = 500

type Meta = Pick<Store['meta'], 'get' | 'set'>

export function demandsFirstProcess(output: string[]): boolean {
  return output.some((line) => NEEDS_PID_1.test(line))
}

export function needsFirstProcess(meta: Meta, image: string): boolean {
  return known(meta).includes(image)
}

export function noteNeedsFirstProcess(meta: Meta, image: string): void {
  if (!needsFirstProcess(meta, image)) meta.set(META, JSON.stringify([...known(meta), image].slice(-MAX_IMAGES)))
}

function known(meta: Meta): string[] {
  return JSON.parse(meta.get(META) ?? '[]') as string[]
}
