/** Places are those of LOTAN_MAX_RUNNING. */
import { compareKeys } from './preview-id.ts'
import type { In, Preview } from './preview.ts'

/** A delayed job may come a moment early. */
const EARLY_MS = 100
/** No back-off is as long: one that ends later was reckoned by a clock that was ahead. */
const LONGEST_MS = 10 * 60_000

export function isDue({ notBefore }: Pick<In<'queued'>, 'notBefore'>, now: number): boolean {
  return notBefore <= now + EARLY_MS || notBefore > now + LONGEST_MS
}

/**
 * As many whose image is here as there are places, and as many whose image has to be pulled: no start for which there
 * is a place waits behind a pull. Without a place still the first of each: its asking makes an idle preview leave.
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
