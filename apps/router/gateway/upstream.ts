import type { Place } from '../../shared/config/config.ts'
import type { In } from '../../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText, upstreamOf } from '../../shared/slots/slot-scheme.ts'
import type { Facts } from '../../shared/store/facts.ts'

type Known = Pick<Facts, 'get'>

/** An upstream group of nginx's, or an address where nginx has no group. */
export function upstreamIn(facts: Known, { generation }: In<'running'>): string {
  return upstreamOf(generation, schemeOf(facts), facts.get('poolPortInUse') ?? 0)
}

export function hostPortIn(facts: Known, { generation }: In<'running'>): Place {
  return hostPortOf(schemeOf(facts), generation)
}

/** Whether a failed request had tried the upstream (or host and port) that the preview has now. */
export function isAt(facts: Known, preview: In<'running'>, tried: string): boolean {
  return tried === upstreamIn(facts, preview) || tried === hostPortText(hostPortIn(facts, preview))
}

/** A running preview has a slot, so the scheme is known. */
function schemeOf(facts: Known) {
  return slotSchemeIn(facts)!
}
