/** When each preview was last used: noted in memory at every request, written to SQLite a few times a second. */
import type { Store } from '../../shared/store/store.ts'
import type { GatewayRequest } from './request.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'

export type Activity = ReturnType<typeof noteActivity>

export function noteActivity(store: Pick<Store, 'touch'>, { everyMs }: { everyMs: number }) {
  const seen = new Map<PreviewId, number>()
  let timer: NodeJS.Timeout | undefined
  const write = () => {
    clearTimeout(timer)
    timer = undefined
    const batch = [...seen]
    seen.clear()
    // The store keeps what it could not write, and retries at the next call, so call it even without news.
    if (!store.touch(batch)) timer = setTimeout(write, everyMs)
  }
  return {
    /** @param at milliseconds since 1970 */
    seen(id: PreviewId, at: number) {
      seen.set(id, Math.max(at, seen.get(id) ?? 0))
      timer ??= setTimeout(write, everyMs)
    },
    close() {
      if (timer) write()
      clearTimeout(timer)
    },
  }
}

/** Another preview's call is as old as the visit that it goes back to. */
export function noteVisit({ id, client, call }: GatewayRequest, activity: Pick<Activity, 'seen'>): void {
  if (id !== null && client.kind === 'person') activity.seen(id, call?.visited ?? Date.now())
}
