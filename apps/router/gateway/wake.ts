/** Starts a preview because of a visit. */
import type { RouterContext } from '../context.ts'
import { limitUnknownTags } from './unknown-tag-limit.ts'

export type Waker = ReturnType<typeof openWaker>

export function openWaker({ store, nudges, changes }: Pick<RouterContext, 'store' | 'nudges' | 'changes'>) {
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
