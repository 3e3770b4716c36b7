import { spanOf } from '../../shared/api/span.ts'
import type { Pin } from '../../shared/preview/preview.ts'

/**
 * @param sent `for`: a span, or nothing for as long as it is not unpinned; `days`: a number of days, which goes before it
 * @returns undefined for what is no span
 */
export function pinOf(sent: Record<string, unknown>, now: number): Pin | undefined {
  const days = sent.days === undefined || sent.days === '' ? undefined : inDays(sent.days)
  const text = [days, sent.for, ''].find((given) => given !== undefined)
  if (text === '') return { until: null }
  const span = typeof text === 'string' ? spanOf(text) : undefined
  return span === undefined ? undefined : { until: now + span }
}

/** Null for what is no text. */
function inDays(sent: unknown): string | null {
  return typeof sent === 'string' ? `${sent}d` : null
}
