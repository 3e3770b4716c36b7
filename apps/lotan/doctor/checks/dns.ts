/** Whether a name below TL_DOMAIN that was never asked for leads to where nginx listens. */
import dns from 'node:dns/promises'
import { randomBytes } from 'node:crypto'
import os from 'node:os'
import type { Config } from '../../../shared/config/config.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'

export interface Names {
  domain: string
  /** A random name below it. */
  name: string
  domainLeads: string[]
  nameLeads: string[]
  /** The addresses of this machine. */
  own: string[]
  /** `127.0.0.1`, `0.0.0.0`, `[::]`. */
  listens: string
  /** A proxy, or a published port, stands in front. */
  isFronted: boolean
}

export async function checkDns(
  config: Pick<Config, 'domain' | 'listen' | 'tls' | 'trustedProxies'>,
): Promise<Finding[]> {
  const { domain } = config
  const name = `lotan-doctor-${randomBytes(4).toString('hex')}.${domain}`
  const [domainLeads, nameLeads] = await Promise.all([domain, name].map(addressesOf))
  const own = Object.values(os.networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  const listens = (config.tls?.listen ?? config.listen).host
  const isFronted = config.trustedProxies.length > 0
  return judgeDns({ domain, name, domainLeads: domainLeads!, nameLeads: nameLeads!, own, listens, isFronted })
}

export function judgeDns({ domain, name, domainLeads, nameLeads, own, listens, isFronted }: Names): Finding[] {
  const { ok, warning, failure } = findings('dns')
  const record = `add a wildcard record: *.${domain} to the address of this machine`
  if (nameLeads.length === 0) {
    if (domain.endsWith('.localhost') || domain === 'localhost')
      return [ok(`*.${domain} leads to this machine in browsers and in lotan, by its name alone`)]
    return [failure(`${name} leads nowhere, so no preview has an address`, record)]
  }
  const found = [ok(`*.${domain} leads to ${nameLeads.join(', ')}`)]
  if (domainLeads.length === 0)
    found.push(failure(`${domain} itself leads nowhere, so there is no admin page`, `add a record of it as well`))
  else if (!sameSet(domainLeads, nameLeads))
    found.push(warning(`${domain} leads elsewhere: ${domainLeads.join(', ')}`, 'give both records the same address'))
  if (isFronted) return found

  const isLoopback = (address: string) => /^127\.|^::1$/.test(address)
  const listensOnLoopback = isLoopback(listens.replace(/^\[|\]$/g, ''))
  if (listensOnLoopback && !nameLeads.some(isLoopback))
    found.push(
      failure(
        `nginx listens on ${listens} alone, which ${nameLeads.join(', ')} is not`,
        'set LOTAN_LISTEN=0.0.0.0:80, or LOTAN_PUBLIC_URL and LOTAN_TRUSTED_PROXIES where a proxy stands in front',
      ),
    )
  else if (!nameLeads.some((address) => isLoopback(address) || own.includes(address)))
    found.push(
      warning(
        `${nameLeads.join(', ')} is no address that this machine knows as its own`,
        'right where a router or a load balancer leads here; else correct the record',
      ),
    )
  return found
}

function sameSet(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each))
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await dns.lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address).sort()
}
