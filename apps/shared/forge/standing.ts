/** Whether a preview may run, as its change stands ("In the pull request" in the contract). Pure. */
import type { Tag } from '../tag.ts'
import type { Copy } from '../preview/copy.ts'
import { isOpen, type Approval, type KnownChange } from './change.ts'
import { mayBeOfAChange, type TagTemplate } from './tag-templates.ts'

/** LOTAN_FORGE_FORKS. */
export type ForkPolicy = 'ask' | 'open' | 'never'

export interface StandingFacts {
  tag: Tag
  templates: readonly TagTemplate[]
  forks: ForkPolicy
  /** LOTAN_PAIR_FALLBACK: the previews that others go with are no change's. */
  fallback: readonly Tag[]
  /** Changes whose templates give the tag. */
  changes: readonly KnownChange[]
  /** Of the tag itself, where it was approved before its change was known. */
  approval: Approval | null
  /** A pinned preview is never touched. */
  isPinned: boolean
  /** Other changes go into a branch of this name: it stays when one that comes out of it is merged. */
  isBase: boolean
}

/**
 * `free`: it may run; `change`: the one it shows, where it is one's. `closed`: its change is over. `asks`: an admin is to
 * approve a fork's change first; `change` is null where it is not known yet whether it is one. `refused`: forks are never
 * run.
 */
export type Standing =
  | { is: 'free'; change: KnownChange | null; isTrusted: boolean }
  | { is: 'closed'; change: KnownChange }
  | { is: 'asks'; change: KnownChange | null }
  | { is: 'refused'; change: KnownChange | null }

/** What may not run. */
export type Barred = Exclude<Standing, { is: 'free' }>

/** Where no forge is configured. */
export const FREE: Standing = { is: 'free', change: null, isTrusted: true }

export function standingOf(facts: StandingFacts): Standing {
  const { tag, templates, forks, fallback, changes, approval, isPinned, isBase } = facts
  // The newest one, where a branch has had several.
  const open = newest(changes.filter(isOpen))
  const closed = newest(changes.filter((change) => !isOpen(change)))
  if (fallback.includes(tag) || isBase) return { is: 'free', change: open ?? null, isTrusted: true }
  const change = open ?? closed ?? null
  if (!change && !mayBeOfAChange(tag, templates)) return FREE
  // Until it is known otherwise a tag that may be of a change counts as a fork's.
  const isFork = change?.fork ?? true
  const free: Standing = { is: 'free', change, isTrusted: !isFork }
  if (isPinned) return free
  if (!open && closed) return { is: 'closed', change: closed }
  if (!isFork || forks === 'open') return free
  if (forks === 'never') return { is: 'refused', change }
  return (change?.approval ?? approval) ? free : { is: 'asks', change }
}

/**
 * A copy outlives the change of what it was made of, and is trusted no more than that was. Only as long as that change is
 * open and does not let it run, it does not run either.
 * @param of the standing of its base, whose pin says nothing of it
 */
export function standingOfCopy(of: Standing, { trusted }: Pick<Copy, 'trusted'>): Standing {
  if (of.is === 'free') return { ...of, change: null, isTrusted: of.isTrusted && trusted }
  if (of.is !== 'closed' && of.change !== null) return of
  return { is: 'free', change: null, isTrusted: trusted && of.change?.fork !== true }
}

function newest(changes: readonly KnownChange[]): KnownChange | undefined {
  return [...changes].sort((one, other) => other.number - one.number)[0]
}
