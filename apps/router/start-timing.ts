import type { Stages } from '../shared/preview/start-times.ts'

const names = { queued: 'queue', pulling: 'pull', starting: 'start', waiting: 'ready' } as const

/** Milliseconds; null for a stage that was skipped or is not over. */
export type Timing = Record<(typeof names)[keyof typeof names] | 'total', number | null>

export function timingOf(reached: Stages): Timing {
  const timing: Timing = { queue: null, pull: null, start: null, ready: null, total: null }
  let until = reached.running
  if (until !== undefined && reached.queued !== undefined) timing.total = until - reached.queued
  for (const stage of (Object.keys(names) as (keyof typeof names)[]).toReversed()) {
    const from = reached[stage]
    if (from !== undefined && until !== undefined) timing[names[stage]] = until - from
    until = from ?? until
  }
  return timing
}

/** W3C Server Timing: `queue;dur=13, start;dur=387, ready;dur=90`. */
export function serverTiming(reached: Stages): string {
  const timing = timingOf(reached)
  return Object.values(names)
    .flatMap((name) => (timing[name] === null ? [] : `${name};dur=${timing[name]}`))
    .join(', ')
}
