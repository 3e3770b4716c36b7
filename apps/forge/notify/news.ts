/** Which changes of a preview's history LOTAN_NOTIFY_URL is told of, and in which words. Pure. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { reasonCodes } from '../../shared/preview/failure-reason.ts'
import type { HistoryRow } from '../../shared/store/store.ts'

export type NewsEvent = 'up' | 'failed' | 'stopped' | 'removed'

export interface News {
  event: NewsEvent
  tag: string
  /** Only with several repositories. */
  repository?: string
  /** As in the API; `unknown` once it is removed. */
  state: string
  /** A code, as in the API: the engine's own words may hold secrets. */
  reason: string | null
  url: string
}

/** Undefined for what is no news: a wake from a pause, a newer image, what Lotan tries again by itself. */
export function newsOf(row: HistoryRow, url: string): News | undefined {
  const event = eventOf(row)
  if (!event) return undefined
  const { repository, tag, state } = row
  const reason = event === 'failed' ? reasonIn(row.detail) : null
  return { event, tag: shownTag(tag), ...(repository !== '' && { repository }), state, reason, url }
}

function eventOf({ was, state, event }: HistoryRow): NewsEvent | undefined {
  if (was === state) return undefined
  switch (state) {
    case 'running':
      return event === 'answered' ? 'up' : undefined
    case 'failed':
      return 'failed'
    case 'stopped':
      // One that was pulled ahead has never run, and a failure that a newer image voids had ended it before.
      return was === 'unknown' || was === 'failed' ? undefined : 'stopped'
    case 'unknown':
      return event === 'removed' || event === 'forget' ? 'removed' : undefined
    default:
      return undefined
  }
}

function reasonIn(detail: string | null): string | null {
  const code = detail?.split(':')[0]
  return reasonCodes.find((one) => one === code) ?? null
}
