/** What may be done with a preview in its state; the list, and the page of one preview, offer no other. */
import { isOutdated, isPinned, startsAgain, type Preview } from '../../../shared/preview/preview.ts'

export type RowAction = 'start' | 'stop' | 'restart' | 'refresh' | 'pin' | 'unpin' | 'remove' | 'keep'

export interface OfferedAction {
  name: string
  to: RowAction
}

/** The one that a row shows by itself. */
export function mainActionOf(preview: Preview): OfferedAction {
  if (preview.removeAt !== null) return { name: 'Keep', to: 'keep' }
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
export function actionsOf(preview: Preview, now: number): OfferedAction[] {
  const { state } = preview
  const isUp = state === 'running' || state === 'paused'
  const more: (OfferedAction | false)[] = [
    preview.removeAt !== null && actionOf(preview),
    state === 'paused' && { name: 'Stop', to: 'stop' },
    isUp && { name: isOutdated(preview) ? 'Restart, with the newer image' : 'Restart', to: 'restart' },
    state !== 'removing' && { name: 'Look for a newer image', to: 'refresh' },
    state !== 'removing' && (isPinned(preview, now) ? { name: 'Unpin', to: 'unpin' } : { name: 'Pin', to: 'pin' }),
    preview.removeAt === null &&
      (state !== 'removing' || startsAgain(preview)) && { name: 'Remove, with its image', to: 'remove' },
  ]
  return [mainActionOf(preview), ...more.filter((one) => one !== false)]
}
