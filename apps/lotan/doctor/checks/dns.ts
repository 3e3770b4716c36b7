/** Whether names of previews that were never asked for lead to where nginx listens. */
import dns from 'node:dns/promises'
import { randomBytes } from 'node:crypto'
import os from 'node:os'
import type { Config } from '../../../shared/config/config.ts'
import { parentsOf } from '../../../shared/tag.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'

export interface Names {
  domain: string
  domainLeads: string[]
  /** Of each domain below which previews live. */
  below: Wildcard[]
  /** The addresses of this machine. */
  own: string[]
  /** `127.0.0.1`, `0.0.0.0`, `[::]`. */
  listens: string
  /** A proxy, or a published port, stands in front. */
  isFronted: boolean
}

interface Wildcard {
  parent: string
  /** A random name below it. */
  name: string
  leads: string[]
}

type Given = Pick<Config, 'domain' | 'hostForm' | 'repositories' | 'listen' | 'tls' | 'trustedProxies'>

export async function checkDns(config: Given): Promise<Finding[]> {
  const { domain } = config
  const lookUp = async (parent: string): Promise<Wildcard> => {
    const name = `lotan-doctor-${randomBytes(4).toString('hex')}.${parent}`
    return { parent, name, leads: await addressesOf(name) }
  }
  const [domainLeads, ...below] = await Promise.all([addressesOf(domain), ...parentsOf(config).map(lookUp)])
  const own = Object.values(os.networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  const listens = (config.tls?.listen ?? config.listen).host
  const isFronted = config.trustedProxies.length > 0
  return judgeDns({ domain, domainLeads, below, own, listens, isFronted })
}

export function judgeDns({ domain, domainLeads, below, own, listens, isFronted }: Names): Finding[] {
  const { ok, warning, failure } = findings('dns')
  const leads = below.find(({ leads }) => leads.length > 0)?.leads ?? []
  const found = below.map((wildcard) => {
    const { parent, name } = wildcard
    const where = wildcard.leads.join(', ')
    if (where === '')
      return domain.endsWith('.localhost') || domain === 'localhost'
        ? ok(`*.${parent} leads to this machine in browsers and in lotan, by its name alone`)
        : failure(
            `${name} leads nowhere, so no preview ${parent === domain ? '' : `below ${parent} `}has an address`,
            `add a wildcard record: *.${parent} to the address of this machine`,
          )
    return sameSet(wildcard.leads, leads)
      ? ok(`*.${parent} leads to ${where}`)
      : warning(`*.${parent} leads elsewhere: ${where}`, 'give both records the same address')
  })
  if (leads.length === 0) return found
  if (domainLeads.length === 0)
    found.push(failure(`${domain} itself leads nowhere, so there is no admin page`, `add a record of it as well`))
  else if (!sameSet(domainLeads, leads))
    found.push(warning(`${domain} leads elsewhere: ${domainLeads.join(', ')}`, 'give both records the same address'))
  if (isFronted) return found

  const isLoopback = (address: string) => /^127\.|^::1$/.test(address)
  const listensOnLoopback = isLoopback(listens.replace(/^\[|\]$/g, ''))
  if (listensOnLoopback && !leads.some(isLoopback))
    found.push(
      failure(
        `nginx listens on ${listens} alone, which ${leads.join(', ')} is not`,
        'set LOTAN_LISTEN=0.0.0.0:80, or LOTAN_PUBLIC_URL and LOTAN_TRUSTED_PROXIES where a proxy stands in front',
      ),
    )
  else if (!leads.some((address) => isLoopback(address) || own.includes(address)))
    found.push(
      warning(
        `${leads.join(', ')} is no address that this machine knows as its own`,
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
