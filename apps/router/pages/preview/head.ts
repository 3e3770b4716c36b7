/** The head of a preview's page: how it stands, what comes next, and what can be done about it. */
import { countdown } from '../../../../views/times.js'
import { isPinned, type Preview } from '../../../shared/preview/preview.ts'
import { isRetriedAt, nextDue, type Due, type Timeouts } from '../../../shared/preview/timeouts.ts'
import type { Lately } from '../../../shared/preview/start-times.ts'
import { age } from '../format.ts'
import { whatOf } from '../list/row.ts'
import { actionsOf, type ActionFacts, type OfferedAction, type RowAction } from '../list/row-actions.ts'
import { when, type When } from './when.ts'

export interface HeadFacts {
  preview: Preview
  timeouts: Timeouts
  ahead: number
  recentDurations: Lately
  now: number
}

export interface Standing {
  /** `for 1 h 22 min`. */
  text: string
  /** `stops`, `in 9 min`, `if nobody comes`; null where nothing is due. */
  next: { what: string; datetime: string; left: string; unless: string } | null
  /** What follows them. */
  rest: string
  /** Until when it is pinned; `forever`: until it is unpinned. */
  pinned: When | 'forever' | null
}

export function standingOf(facts: HeadFacts): Standing {
  const { preview, timeouts, now } = facts
  const due = nextDue(preview, timeouts, now)
  if (preview.removeAt !== null) {
    const next = { what: 'goes', ...at(preview.removeAt, now), unless: 'with its image, unless it is kept' }
    return { ...textOf(facts, undefined), next, pinned: null }
  }
  const pinned = pinnedUntil(preview, now)
  return { ...textOf(facts, due), next: due && !pinned ? nextOf(due, now) : null, pinned }
}

function textOf({ preview, timeouts, ahead, recentDurations, now }: HeadFacts, due: Due | undefined): Pick<Standing, 'text' | 'rest'> {
  switch (preview.state) {
    case 'running':
    case 'paused':
      return { text: preview.state === 'paused' && preview.phase !== 'frozen' ? whatOf(preview, { ahead, lately: recentDurations, now }) : `for ${age(now - preview.since)}`, rest: '' }
    case 'stopped': {
      const gone = !preview.image && !preview.generation ? 'its image is removed: a visit pulls it again' : ''
      return { text: `for ${age(now - preview.since)}`, rest: due ? '' : gone }
    }
    case 'failed': {
      const retryAt = preview.retryAt === null ? null : Math.max(now, preview.retryAt)
      const isRetried = retryAt !== null && isRetriedAt(preview, retryAt, timeouts)
      const again = isRetried ? `tries again by itself ${countdown(retryAt - now)}` : 'the next visit tries again'
      return { text: `${age(now - preview.since)} ago, ${again}`, rest: '' }
    }
    default:
      return { text: whatOf(preview, { ahead, lately: recentDurations, now }), rest: '' }
  }
} // prettier-ignore

function nextOf({ what, why, at: dueAt }: Due, now: number): NonNullable<Standing['next']> {
  const words = { pause: 'is paused', stop: 'stops', clean: 'its image goes' }[what]
  const unless =
    why === 'lifetime'
      ? 'even if it is in use: its lifetime is over then'
      : why === 'disk'
        ? 'since the disk needs its room'
        : 'if nobody comes'
  return { what: words, ...at(dueAt, now), unless }
}

function at(time: number, now: number) {
  return { datetime: new Date(time).toISOString(), left: countdown(time - now) }
}

function pinnedUntil(preview: Preview, now: number): Standing['pinned'] {
  if (!isPinned(preview, now)) return null
  const { until } = preview.pin!
  return until === null ? 'forever' : when(until, 'moment', now)
}

export interface HeadAction extends OfferedAction {
  icon: string
}

const icons: Record<RowAction, string> = {
  start: 'wake',
  stop: 'stopped',
  restart: 'again',
  refresh: 'new',
  pin: 'pin',
  unpin: 'pin',
  approve: 'tick',
  disapprove: 'x',
  remove: 'x',
  keep: 'again',
}

/** `first`: what wakes it, as a button of its own. `menu`: the others but the pin, which has a form. */
export function headActionsOf(
  preview: Preview,
  now: number,
  facts: ActionFacts,
): { first: HeadAction | null; menu: HeadAction[] } {
  const [main, ...more] = actionsOf(preview, now, facts).map((action) => ({ ...action, icon: icons[action.to] }))
  const others = more.filter(({ to }) => to !== 'pin')
  return main!.to === 'stop' ? { first: null, menu: [main!, ...others] } : { first: main!, menu: others }
}
