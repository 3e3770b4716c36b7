/** Where a running preview is reached: its host and port, and what nginx calls them. */
import type { Place } from '../../shared/config/config.ts'
import type { In } from '../../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText, upstreamOf } from '../../shared/slots/slot-scheme.ts'
import type { Store } from '../../shared/store/store.ts'

type Meta = Pick<Store['meta'], 'get'>

/** An upstream group of nginx's, or an address where nginx has no group. */
export function upstreamIn(meta: Meta, { generation }: In<'running'>): string {
  return upstreamOf(generation, schemeOf(meta), Number(meta.get('pool_port_in_use') ?? 0))
}

export function hostPortIn(meta: Meta, { generation }: In<'running'>): Place {
  return hostPortOf(schemeOf(meta), generation)
}

/** Whether a failed request had tried the upstream (or host and port) that the preview has now. */
export function isAt(meta: Meta, preview: In<'running'>, tried: string): boolean {
  return tried === upstreamIn(meta, preview) || tried === hostPortText(hostPortIn(meta, preview))
}

/** A running preview has a slot, so the scheme is known. */
function schemeOf(meta: Meta) {
  return slotSchemeIn(meta)!
}
