/** Pure but for the store. Why a preview may not be brought up, or kept, by an admin or a program, and what lets it. */
import { shownTag } from './preview/copy-tag.ts'
import type { ProblemName } from './api/problems.ts'
import type { Config } from './config/config.ts'
import { changeName } from './forge/change-text.ts'
import type { KnownChange } from './forge/change.ts'
import type { PreviewId } from './preview/preview-id.ts'
import type { Store } from './store/store.ts'

export interface WhyNot {
  problem: Extract<ProblemName, 'change-closed' | 'approval-needed' | 'no-forks'>
  sentence: string
}

/** @param pins to keep it; else to bring it up, or a newer image of it @returns undefined where it may be done */
export function whyNot(
  id: PreviewId,
  pins: boolean,
  { config, store }: { config: Pick<Config, 'forge'>; store: Pick<Store, 'standing'> },
  now = Date.now(),
): WhyNot | undefined {
  const standing = store.standing(id, now)
  if (standing.is === 'free' || !config.forge) return undefined
  const { change } = standing
  const { kind, forks } = config.forge
  if (standing.is === 'closed') {
    const { state, fork, approval } = standing.change
    // A pin lets it run, and is no approval.
    const isBarredFork = fork && forks !== 'open' && !(approval && forks === 'ask')
    if (!pins)
      return {
        problem: 'change-closed',
        sentence: `${changeName(standing.change, kind)} is ${state}, so ${shownTag(id)} is not started again. Pin it to keep it, or open the pull request again.`,
      }
    if (!isBarredFork) return undefined
  }
  if (standing.is === 'refused' || forks === 'never')
    return { problem: 'no-forks', sentence: `${shows(id, change, kind)} Previews of forks do not run here.` }
  return {
    problem: 'approval-needed',
    sentence: `${shows(id, change, kind)} Approve it first: on its page, or by “lotan approve ${shownTag(id)}”.`,
  }
}

function shows(id: PreviewId, change: KnownChange | null, kind: string): string {
  return change
    ? `${shownTag(id)} shows ${changeName(change, kind)}, which comes from a fork.`
    : `The pull request of ${shownTag(id)} is not known yet, and may come from a fork.`
}
