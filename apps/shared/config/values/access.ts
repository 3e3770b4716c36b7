import { isIssuer } from './address.ts'
import { value, type Value } from './value.ts'

/** Who is meant: one person, all of a domain, or a group that a login provider knows. In lower case but for groups. */
export type Entry = { address: string } | { domain: string } | { group: string }

/** A CI job's repository, and who signs that a job is of it. */
export interface TrustedJob {
  forge: 'github' | 'gitlab'
  repository: string
  issuer: string
}

const issuers = { github: 'https://token.actions.githubusercontent.com', gitlab: 'https://gitlab.com' } as const

/** These mean something already; to a proxy that writes one of them nothing could be told from a visitor. */
const taken =
  /^(host|cookie|set-cookie|authorization|connection|upgrade|te|trailer|transfer-encoding|content-.*|accept.*|origin|referer|user-agent|sec-.*|x-real-ip|x-request-id|x-forwarded-(for|host|proto|port)|proxy.*|x-lotan-.*|from|server|age|etag|expires|location|retry-after|last-modified|if-.*|max-forwards)$/

/** nginx drops names with underscores. */
export const headerName: Value<string> = value((text) => {
  const name = text.toLowerCase()
  return /^[a-z][a-z0-9-]{1,63}$/.test(name) && !taken.test(name) ? name : undefined
}, 'write the name of a header of its own, with letters, digits and dashes, such as X-Forwarded-User')

export const people: Value<Entry[]> = words(
  entryOf,
  'write addresses, @domain or group:NAME, separated by spaces, such as anna@example.com @example.com group:admins',
)

export const jobs: Value<TrustedJob[]> = words(
  jobOf,
  'write github:owner/name or gitlab:group/name, with @https://… after it for an issuer of your own, separated by spaces',
)

function entryOf(text: string): Entry | undefined {
  const group = /^group:(.+)$/.exec(text)?.[1]
  if (group !== undefined) return { group }
  const domain = /^@([a-z0-9][a-z0-9.-]*)$/i.exec(text)?.[1]
  if (domain !== undefined) return { domain: domain.toLowerCase() }
  return /^[^@,:]+(@[^@,:]+)?$/.test(text) ? { address: text.toLowerCase() } : undefined
}

function jobOf(text: string): TrustedJob | undefined {
  const [, forge, repository, issuer] = /^(github|gitlab):([\w.-]+(?:\/[\w.-]+)+)(?:@(.+))?$/.exec(text) ?? []
  if (!forge || !repository || (issuer !== undefined && !isIssuer(issuer))) return undefined
  if (forge === 'github' && repository.split('/').length !== 2) return undefined
  const known = forge as TrustedJob['forge']
  return { forge: known, repository, issuer: issuer ?? issuers[known] }
}

function words<T>(read: (word: string) => T | undefined, wanted: string): Value<T[]> {
  return value((text) => {
    const all = text.trim().split(/\s+/)
    const found = all.map(read).filter((one) => one !== undefined)
    return found.length === all.length && all.length <= 200 ? found : undefined
  }, wanted)
}
