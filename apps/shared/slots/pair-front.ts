/** Where previews reach nginx, to call those that they go with in other repositories. Pure. */
import type { Config, Place } from '../config/config.ts'
import type { PairFront } from '../store/facts.ts'
import type { SlotScheme } from './slot-scheme.ts'
import { frontOf, gatewayOf } from './slots.ts'

type Site = Pick<Config, 'repositories' | 'publicUrl' | 'tls'>

/** @param isJoined whether Lotan's own container has joined the previews' network @returns undefined for one repository */
export function pairFrontOf(
  { repositories, publicUrl, tls }: Site,
  scheme: SlotScheme,
  subnet: string,
  isJoined: boolean,
): PairFront | undefined {
  if (repositories.length < 2) return undefined
  if (scheme.kind === 'port')
    return { address: null, why: 'slots are ports of 127.0.0.1, which do not tell one preview from another' }
  if (publicUrl.protocol === 'https:' && tls === null)
    return {
      address: null,
      why: 'their addresses are https, and the certificate is not Lotan’s: give it LOTAN_TLS_CERT',
    }
  return { address: isJoined ? frontOf(subnet) : gatewayOf(subnet), why: null }
}

/** With the port of the addresses that previews are given. */
export function pairPlaceOf(front: PairFront | undefined, { publicUrl }: Pick<Site, 'publicUrl'>): Place | null {
  const { protocol, port } = publicUrl
  const address = front?.address ?? null
  return address === null ? null : { host: address, port: port ?? (protocol === 'https:' ? 443 : 80) }
}
