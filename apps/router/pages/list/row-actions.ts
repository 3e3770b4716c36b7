/** What may be done with a preview in its state; the list, and the page of one preview, offer no other. */
import type { Standing } from '../../../shared/forge/standing.ts'
import { isOutdated, isPinned, startsAgain, type Preview } from '../../../shared/preview/preview.ts'

export type RowAction =
  'start' | 'stop' | 'restart' | 'refresh' | 'pin' | 'unpin' | 'approve' | 'disapprove' | 'remove' | 'keep'

/** How its change lets it run. */
export interface ActionFacts {
  is: Standing['is']
  /** Whether an admin lets a fork's change run. */
  isApproved: boolean
}

export const FREE_ACTIONS: ActionFacts = { is: 'free', isApproved: false }

export function actionFactsOf(standing: Standing): ActionFacts {
  const { is, change } = standing
  return { is, isApproved: is === 'free' && change?.fork === true && change.approval !== null }
}

export interface OfferedAction {
  name: string
  to: RowAction
}

/** The one that a row shows by itself. */
export function mainActionOf(preview: Preview, { is }: ActionFacts): OfferedAction {
  if (preview.removeAt !== null) return { name: 'Keep', to: 'keep' }
  if (is === 'asks') return { name: 'Approve', to: 'approve' }
  // Nothing starts it: it can be kept, or removed.
  if (is === 'closed') return { name: 'Pin', to: 'pin' }
  if (is === 'refused') return { name: 'Remove, with its image', to: 'remove' }
  return actionOf(preview)
}

/** @returns the start or stop that it wants */
export function actionOf({ state }: Pick<Preview, 'state'>): { name: string; to: 'start' | 'stop' } {
  switch (state) {
    case 'failed':
      return { name: 'Try again', to: 'start' }
    case 'paused':
      return { name: 'Wake', to: 'start' }
    case 'stopped':
    case 'stopping':
    case 'removing':
      return { name: 'Start', to: 'start' }
    default:
      return { name: 'Stop', to: 'stop' }
  }
}

/** All of them, the main one first. */
export function actionsOf(preview: Preview, now: number, facts: ActionFacts): OfferedAction[] {
  const { state } = preview
  const main = mainActionOf(preview, facts)
  if (facts.is !== 'free') {
    const remove: OfferedAction = { name: 'Remove, with its image', to: 'remove' }
    const mayGo = preview.removeAt === null && main.to !== 'remove' && (state !== 'removing' || startsAgain(preview))
    return mayGo ? [main, remove] : [main]
  }
  const isUp = state === 'running' || state === 'paused'
  const more: (OfferedAction | false)[] = [
    preview.removeAt !== null && actionOf(preview),
    state === 'paused' && { name: 'Stop', to: 'stop' },
    isUp && { name: isOutdated(preview) ? 'Restart, with the newer image' : 'Restart', to: 'restart' },
    state !== 'removing' && { name: 'Look for a newer image', to: 'refresh' },
    state !== 'removing' && (isPinned(preview, now) ? { name: 'Unpin', to: 'unpin' } : { name: 'Pin', to: 'pin' }),
    facts.isApproved && { name: 'Take the approval back', to: 'disapprove' },
    preview.removeAt === null &&
      (state !== 'removing' || startsAgain(preview)) && { name: 'Remove, with its image', to: 'remove' },
  ]
  return [main, ...more.filter((one) => one !== false)]
}
