/** nginx also listens where previews reach it, once that address is on this machine (docs/repositories.md). */
import os from 'node:os'
import type { Config, Place } from '../../shared/config/config.ts'
import { hostPortText } from '../../shared/slots/slot-scheme.ts'
import { pairPlaceOf } from '../../shared/slots/pair-front.ts'
import type { Facts } from '../../shared/store/facts.ts'
import { listenerAt, listensOn, refusalOf } from './listen.ts'

type Site = Pick<Config, 'publicUrl' | 'listen' | 'tls' | 'repositories'>

/**
 * Notes where it listens for them: only that is opened in the firewall, since another program may have the port.
 * @returns what it has to listen on besides its own addresses
 */
export async function notePairListen(
  config: Site,
  facts: Pick<Facts, 'get' | 'set' | 'forget'>,
): Promise<Place | null> {
  const place = wantedPlace(config, facts)
  if (!place) {
    facts.forget('pairListen')
    return null
  }
  const own = config.publicUrl.protocol === 'https:' ? config.tls!.listen : config.listen
  const isCovered = listensOn(own).some(
    ({ host, port }) => port === place.port && ['0.0.0.0', place.host].includes(host),
  )
  const code = isCovered ? undefined : await refusalOf(place.host, place.port)
  const why = code === undefined || code === 'EADDRNOTAVAIL' ? null : await wordsOf(code, place)
  facts.set('pairListen', { address: code === undefined ? hostPortText(place) : null, why })
  return isCovered || code !== undefined ? null : place
}

/** Whether nginx, started anew, would listen there, and does not yet. */
export function hasNewPlace(config: Site, facts: Pick<Facts, 'get'>): boolean {
  const place = wantedPlace(config, facts)
  const listens = facts.get('pairListen')
  if (!place || listens?.why || listens?.address === hostPortText(place)) return false
  return Object.values(os.networkInterfaces()).some((all) => all?.some(({ address }) => address === place.host))
}

function wantedPlace(config: Site, facts: Pick<Facts, 'get'>): Place | null {
  return config.repositories.length < 2 ? null : pairPlaceOf(facts.get('pairFront'), config)
}

async function wordsOf(code: string, place: Place): Promise<string> {
  const where = hostPortText(place)
  if (code === 'EADDRINUSE')
    return `${where} is taken by ${await listenerAt(place.port)}: stop that, and start Lotan again`
  if (code === 'EACCES') return `${where} may not be used by this user: ports below 1024 need root`
  return `${where} cannot be used: ${code}`
}
