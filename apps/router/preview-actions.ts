/** What people and programs ask of previews, by a button or a call: each is one event, and a nudge if it leaves work. */
import type { Event, Preview } from '../shared/preview/preview.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'

export const actions = ['start', 'stop', 'restart', 'remove'] as const
export type PreviewAction = (typeof actions)[number]

/** Whether a wish starts something. */
export function startsSomething(wish: PreviewAction): boolean {
  return wish === 'start' || wish === 'restart'
}

/**
 * @param by who asks, for the history
 * @returns the preview after it, changed or not; undefined for a tag that is no preview and did not become one
 */
export async function applyAction(
  wish: PreviewAction,
  tag: string,
  by: 'admin' | 'api',
  { store, nudges }: { store: Pick<Store, 'apply' | 'get'>; nudges: Pick<Nudges, 'nudge'> },
): Promise<Preview | undefined> {
  const changed = store.apply(tag, eventOf(wish, by))
  if (!changed) return store.get(tag)
  await nudges.nudge(changed)
  return changed
}

function eventOf(wish: PreviewAction, by: 'admin' | 'api'): Event {
  switch (wish) {
    case 'start':
      return { type: 'start', by }
    case 'stop':
      return { type: 'stop', why: 'asked' }
    default:
      return { type: wish }
  }
}
