/** Remembers images whose program must be process 1 and says so only when it is not. */
import type { Facts } from '../../shared/store/facts.ts'

/** From s6-overlay, runit, busybox: `can only run as pid 1`, `must be run as process no 1`, `must be run as PID 1`. */
const NEEDS_PID_1 = /\b(?:must|only|has to|have to|needs? to)\b.{0,40}\b(?:pid|process)\b.{0,12}\b1\b/i

const MAX_IMAGES = 500

export function demandsFirstProcess(output: string[]): boolean {
  return output.some((line) => NEEDS_PID_1.test(line))
}

export function needsFirstProcess(facts: Pick<Facts, 'get'>, image: string): boolean {
  return facts.get('firstProcesses')?.includes(image) ?? false
}

export function noteNeedsFirstProcess(facts: Pick<Facts, 'get' | 'set'>, image: string): void {
  if (needsFirstProcess(facts, image)) return
  facts.set('firstProcesses', [...(facts.get('firstProcesses') ?? []), image].slice(-MAX_IMAGES))
}
