/** What is waited for as a stack comes up, and when a service is healthy. Pure. */
import { startRows } from '../../shared/stack/order.ts'
import type { Condition, Healthcheck, Stack } from '../../shared/stack/stack.ts'

/** What others wait for of a service; null where its start is enough for them. */
export function awaited({ app, services }: Stack, name: string): Exclude<Condition, 'service_started'> | null {
  const conditions = [app, ...services].map(({ dependsOn }) => dependsOn[name])
  if (conditions.includes('service_completed_successfully')) return 'service_completed_successfully'
  return conditions.includes('service_healthy') ? 'service_healthy' : null
}

/** 0 for a service that needs none: those of the highest level are stopped first. */
export function levelOf(stack: Pick<Stack, 'services'>, name: string): number {
  return startRows(stack).findIndex((row) => row.includes(name))
}

/** Checks that failed in a row and count, and when the last one of those was, milliseconds since its start. */
export interface Failures {
  count: number
  at: number
}

export const noFailure: Failures = { count: 0, at: 0 }

/**
 * Lotan asks more often than the healthcheck says, so that a start does not wait for the next time. Failures count as if
 * it did not: an interval apart, and after the start period.
 * @param at milliseconds since its start
 */
export function afterFailure(before: Failures, { interval, startPeriod }: Healthcheck, at: number): Failures {
  return at >= startPeriod && at - before.at >= interval ? { count: before.count + 1, at } : before
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/** Milliseconds until a healthcheck is run again. @param tries so far */
export function pauseAfter(tries: number, { interval }: Pick<Healthcheck, 'interval'>): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 20), interval, LONGEST_PAUSE_MS)
}

const FIRST_REST_MS = 500
const LONGEST_REST_MS = 60_000
/** A service that ran so long is forgiven its earlier ends. */
export const FORGIVEN_MS = 5 * 60_000

/** How long a service that has ended rests before it is started again, milliseconds: 0.5 s, 2 s, 8 s, 32 s, 60 s. */
export function restAfter(crashes: number): number {
  return Math.min(FIRST_REST_MS * 4 ** Math.min(crashes - 1, 10), LONGEST_REST_MS)
}
