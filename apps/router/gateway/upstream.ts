/** Where a running preview is reached: its container's place, and what nginx calls it. */
import type { Place } from '../../shared/config/config.ts'
import type { In } from '../../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText, upstreamOf } from '../../shared/slots/slot-scheme.ts'
import type { Store } from '../../shared/store/store.ts'

type Meta = Pick<Store['meta'], 'get'>

/** The name of an upstream group of nginx's, or an address where nginx knows none. */
export function upstreamIn(meta: Meta, { generation }: In<'running'>): string {
  return upstreamOf(generation, placesOf(meta), Number(meta.get('pool_port_in_use') ?? 0))
}

export function hostPortIn(meta: Meta, { generation }: In<'running'>): Place {
  return hostPortOf(placesOf(meta), generation)
}

/** Whether a request that tried this, an upstream or a place, tried where the preview is reached now. */
export function isAt(meta: Meta, preview: In<'running'>, tried: string): boolean {
  return tried === upstreamIn(meta, preview) || tried === hostPortText(hostPortIn(meta, preview))
}

/** What runs has a place, so that they are known. */
function placesOf(meta: Meta) {
  return slotSchemeIn(meta)!
}
