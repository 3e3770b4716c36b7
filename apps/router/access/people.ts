/** Which of the people that a login names may come in, and what they may. */
import type { Config } from '../../shared/config/config.ts'
import type { Scope } from '../../shared/scope.ts'

type Lists = Config['people']
type Entry = Lists['admins'][number]

export interface Person {
  /** An address, in lower case, that the login has verified; or a name that a proxy gives. */
  address: string | null
  groups: readonly string[]
}

/** `public`: may open previews alone. Undefined: is in no list. */
export function scopeOf(person: Person, { admins, allow }: Lists): Scope | undefined {
  if (isIn(person, admins)) return 'admin'
  return isIn(person, allow) ? 'public' : undefined
}

function isIn({ address, groups }: Person, entries: readonly Entry[]): boolean {
  const domain = /^[^@]+@([^@]+)$/.exec(address ?? '')?.[1]
  return entries.some((entry) => {
    if ('group' in entry) return groups.includes(entry.group)
    return 'domain' in entry ? entry.domain === domain : entry.address === address
  })
}

/** The proxy's word for who asks. Undefined for none, and for two headers, of which a visitor may have sent one. */
export function personIn(header: string | string[] | undefined): Person | undefined {
  if (typeof header !== 'string' || !/^[\x21-\x2b\x2d-\x7e]{1,200}$/.test(header)) return undefined
  return { address: header.toLowerCase(), groups: [] }
}
