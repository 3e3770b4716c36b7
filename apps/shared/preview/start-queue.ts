/** Who waits for a place of LOTAN_MAX_RUNNING, and who of them is next. Pure. */
import { compareKeys } from './preview-id.ts'
import type { In, Preview } from './preview.ts'

/** A delayed job may come a moment early. */
const EARLY_MS = 100
/** No back-off is as long: one that ends later was reckoned by a clock that was ahead. */
const LONGEST_MS = 10 * 60_000

/** Whether a queued preview may start: its back-off is over. @param now milliseconds since 1970 */
export function isDue({ notBefore }: Pick<In<'queued'>, 'notBefore'>, now: number): boolean {
  return notBefore <= now + EARLY_MS || notBefore > now + LONGEST_MS
}

/**
 * Who is worth asking for, in the order of their coming: as many of those whose image is here as there are places, and
 * as many of those whose image has to be pulled, so that none waits behind another's pull for a place that is free.
 * The first to begin takes it. Where there is no place it is still the first of each, since asking is what has an idle
 * preview make way.
 */
export function nextInLine(previews: readonly Preview[], places: number, now: number): In<'queued'>[] {
  const line = previews
    .filter((preview) => preview.state === 'queued')
    .filter((preview) => isDue(preview, now))
    .sort((a, b) => a.since - b.since || compareKeys(a, b))
  const { here = [], away = [] } = Object.groupBy(line, ({ image }) => (image ? 'here' : 'away'))
  const most = Math.max(1, places)
  return [...here.slice(0, most), ...away.slice(0, most)]
}
