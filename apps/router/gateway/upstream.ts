import type { Place } from '../../shared/config/config.ts'
import { serviceHostPort } from '../../shared/slots/service-slots.ts'
import { hostPortOf, slotSchemeIn, hostPortText, upstreamOf } from '../../shared/slots/slot-scheme.ts'
import type { Facts } from '../../shared/store/facts.ts'
import type { Up } from './decide.ts'
import type { UpService } from './second-host.ts'

type Known = Pick<Facts, 'get'>

/** An upstream group of nginx's, or an address where nginx has no group: it has none of services. */
export function upstreamIn(facts: Known, { preview, service }: Up): string {
  if (service) return hostPortText(servicePlaceIn(facts, service))
  return upstreamOf(preview.generation, schemeOf(facts), facts.get('poolPortInUse') ?? 0)
}

export function hostPortIn(facts: Known, { preview, service }: Up): Place {
  return service ? servicePlaceIn(facts, service) : hostPortOf(schemeOf(facts), preview.generation)
}

/** Whether a failed request had tried the upstream (or host and port) that it would be sent to now. */
export function isAt(facts: Known, up: Up, tried: string): boolean {
  return tried === upstreamIn(facts, up) || tried === hostPortText(hostPortIn(facts, up))
}

export function containerOf({ preview, service }: Up): string {
  return service ? service.container : preview.generation.container
}

/** Where slots are ports no service is up: second-host.ts. */
function servicePlaceIn(facts: Known, service: UpService): Place {
  return serviceHostPort(schemeOf(facts), service)!
}

/** A running preview has a slot, so the scheme is known. */
function schemeOf(facts: Known) {
  return slotSchemeIn(facts)!
}
