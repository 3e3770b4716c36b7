/** Which networks of stacks have been left behind. Pure. */
import type { StackNetwork } from '../../shared/engine/engine.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { StackNetwork as Row } from '../../shared/store/stack-networks.ts'

/** A start makes its network before it makes containers, and a removal takes them away first. */
export const LEFT_MS = 60_000

export interface Facts {
  rows: readonly Row[]
  found: readonly StackNetwork[]
  /** Previews that have containers, or are about to. */
  inUse: ReadonlySet<PreviewId>
}

/** By number. `preview`: whose it is by its row; undefined where no row tells of it. */
export type Left = Map<number, PreviewId | undefined>

export function leftOf({ rows, found, inUse }: Facts): Left {
  const left: Left = new Map()
  const owners = new Map(rows.map(({ number, preview }) => [number, preview]))
  for (const { number, preview } of rows) if (preview !== null && !inUse.has(preview)) left.set(number, preview)
  // Of a time that the database does not know of.
  for (const { number, preview } of found)
    if (preview === undefined || owners.get(number) !== preview) left.set(number, undefined)
  return left
}

/**
 * @param before since when each has been left, by the last look; it is brought up to date
 * @param now milliseconds of a clock that goes on
 */
export function dueOf(left: Left, before: Map<number, number>, now: number): number[] {
  for (const number of before.keys()) if (!left.has(number)) before.delete(number)
  for (const number of left.keys()) if (!before.has(number)) before.set(number, now)
  return [...left.keys()].filter((number) => now - before.get(number)! >= LEFT_MS)
}
