/** Which change a preview shows. Pure. */
import { isOpen, type KnownChange } from './change.ts'

export interface OfTag {
  /** Those whose templates give its tag, in any order. */
  changes: readonly KnownChange[]
  /** Other previews go with it, or other changes go into a branch of its name: it shows no change that is over. */
  isShared: boolean
}

/** The newest open one: a branch may have had several. Without one the newest. */
export function changeShown({ changes, isShared }: OfTag): KnownChange | null {
  return newest(changes.filter(isOpen)) ?? (isShared ? null : newest(changes))
}

function newest(changes: readonly KnownChange[]): KnownChange | null {
  return changes.reduce<KnownChange | null>((one, other) => (one && one.number > other.number ? one : other), null)
}
