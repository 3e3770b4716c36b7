/**
 * Programs that have to be the first process of their container, and say so only when they are not: an init behind a
 * script that does not name it. Such an image is run again without Lotan's init, and that is remembered.
 */
import type { Store } from '../../shared/store/store.ts'

/** s6-overlay, runit, busybox and others: `can only run as pid 1`, `must be run as process no 1`, `must be run as PID 1`. */
const INSISTS = /\b(?:must|only|has to|have to|needs? to)\b.{0,40}\b(?:pid|process)\b.{0,12}\b1\b/i

const META = 'first_processes'
const MOST = 500

type Meta = Pick<Store['meta'], 'get' | 'set'>

/** Whether that is what a program has written before it ended. @param output its last lines */
export function demandsFirstProcess(output: string[]): boolean {
  return output.some((line) => INSISTS.test(line))
}

/** Whether an image is known to insist. @param image its id */
export function needsFirstProcess(meta: Meta, image: string): boolean {
  return known(meta).includes(image)
}

export function noteNeedsFirstProcess(meta: Meta, image: string): void {
  if (!needsFirstProcess(meta, image)) meta.set(META, JSON.stringify([...known(meta), image].slice(-MOST)))
}

function known(meta: Meta): string[] {
  return JSON.parse(meta.get(META) ?? '[]') as string[]
}
