/** Starts a preview because of a visit. */
import type { Nudges } from '../../shared/queue.ts'
import type { Store } from '../../shared/store/store.ts'
import type { StoreWatch } from '../watch/store-watch.ts'
import { limitUnknownTags } from './unknown-tag-limit.ts'

interface Parts {
  store: Pick<Store, 'get' | 'apply' | 'isOffered' | 'wantList'>
  nudges: Pick<Nudges, 'nudge'>
  changes: Pick<StoreWatch, 'previews'>
}

export type Waker = ReturnType<typeof openWaker>

export function openWaker({ store, nudges, changes }: Parts) {
  const unknownTags = limitUnknownTags({ store, previews: changes.previews })
  return {
    mayWake: (tag: string): boolean => store.get(tag) !== undefined || unknownTags.mayLookFor(tag),

    /** Does not wait for Redis: the reaper makes up for a lost nudge. */
    wake(tag: string, by: 'visit' | 'api'): void {
      const woken = store.apply(tag, { type: 'start', by })
      if (woken) void nudges.nudge(woken)
    },
  }
}
