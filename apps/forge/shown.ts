/** What a change's preview is to its readers. The texts are made of it. Pure. */
import type { Standing } from '../shared/forge/standing.ts'
import type { Reason } from '../shared/preview/failure-reason.ts'
import { pullFailures } from '../shared/words/pull-failures.ts'
import type { Commit } from './meant.ts'
import type { Outcome } from './verify/outcome.ts'

export type Shown =
  | { is: 'over' }
  /** The change is over, and its preview is not touched: it is pinned, or another change's, or the fallback. */
  | { is: 'kept' }
  | { is: 'asks' }
  | { is: 'refused' }
  | { is: 'noImage' }
  | { is: 'failed'; reason: Reason; commit: Commit }
  /** This image has not been started yet. */
  | { is: 'opens'; commit: Commit }
  /** … which Lotan does before it says that it answers. */
  | { is: 'untried'; commit: Commit }
  /** `after`: milliseconds from its start to its first answer; null where that was not measured. */
  | { is: 'answered'; commit: Commit; after: number | null }

export interface ShownFacts {
  isOpen: boolean
  standing: Standing['is']
  hasImage: boolean
  commit: Commit
  /** Of this very image. */
  outcome: Outcome
  /** LOTAN_FORGE_VERIFY */
  verifies: boolean
}

export function shownOf(facts: ShownFacts): Shown {
  const { isOpen, standing, hasImage, commit, outcome, verifies } = facts
  if (!isOpen) return standing === 'free' ? { is: 'kept' } : { is: 'over' }
  if (standing === 'asks' || standing === 'refused') return { is: standing }
  if (!hasImage) return { is: 'noImage' }
  if (outcome.is === 'failed') return { is: 'failed', reason: outcome.reason, commit }
  if (!verifies) return { is: 'opens', commit }
  if (outcome.is === 'answered') return { is: 'answered', commit, after: outcome.after }
  return { is: 'untried', commit }
}

/** Another start of the same image would fail, too: its application is at fault, and not a registry or this server. */
export function isFinal({ code }: Reason): boolean {
  return !(code in pullFailures)
}
