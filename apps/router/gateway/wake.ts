import type { Actor } from '../../shared/actor.ts'
import type { RouterContext } from '../context.ts'
import { limitUnknownTags } from './unknown-tag-limit.ts'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { GatewayRequest } from './request.ts'

export type Waker = ReturnType<typeof openWaker>

export function openWaker({ store, nudges, changes }: Pick<RouterContext, 'store' | 'nudges' | 'changes'>) {
  const unknownTags = limitUnknownTags({ store, previews: changes.previews })
  return {
    mayWake: (id: PreviewId): boolean => asVisitorsSee(store.get(id)) !== undefined || unknownTags.mayLookFor(id),

    /** Does not wait for Redis: the reaper makes up for a lost nudge. */
    wake(
      id: PreviewId,
      by: 'visit' | 'button',
      { who, address, request, call }: Actor & Pick<GatewayRequest, 'call'>,
    ): void {
      const start = { type: 'start' as const, by, ...(call && { visited: call.visited }) }
      const woken = store.apply(id, start, Date.now(), { who, address, request })
      if (woken) void nudges.nudge(woken)
    },
  }
}
