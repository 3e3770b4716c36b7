import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { list } from './text.ts'
import { value, type Value } from './value.ts'

/** An IPv6 host stands in brackets. */
export interface Place {
  host: string
  port: number
}

/** Leaves room for the longest label below it. */
export const domain: Value<string> = z
  .string()
  .toLowerCase()
  .refine(
    (name) => name.length <= 253 - 64 && isName(name),
    'write a domain name such as previews.example.com, at most 189 characters',
  )

/** An IPv6 address keeps its brackets, as nginx and URLs want it. */
export const listen: Value<Place> = value(
  placeOf,
  'write an address and a port such as 127.0.0.1:8080, 0.0.0.0:80 or [::1]:8080',
)

function placeOf(text: string): Place | undefined {
  const [, host = '', digits] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65_535)) return undefined
  if (host === '' || host === '*') return { host: '0.0.0.0', port }
  const bracketed = /^\[(.*)\]$/.exec(host)?.[1]
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: host.toLowerCase(), port } : undefined
  return isIPv4(host) || isName(host.toLowerCase()) ? { host, port } : undefined
}

export interface PublicUrl {
  protocol: 'http:' | 'https:'
  host: string
  /** Null: the scheme's own. */
  port: number | null
}

export const publicUrl: Value<PublicUrl> = value((text) => {
  const url = webUrlOf(text)
  if (url?.pathname !== '/') return undefined
  return { protocol: url.protocol, host: url.hostname, port: url.port ? Number(url.port) : null }
}, 'write scheme, domain and port, without a path, such as https://previews.example.com')

/** Kept as scheme, host and port. */
export const apiUrl: Value<string> = value((text) => {
  const url = webUrlOf(text)
  return url && /^\/(api\/v1\/?)?$/.test(url.pathname) ? url.origin : undefined
}, 'write the address of the admin page, such as https://previews.example.com')

/** Without a final slash. */
export const webUrl: Value<string> = value((text) => {
  const url = URL.parse(text)
  const isGood = (url?.protocol === 'http:' || url?.protocol === 'https:') && !url.hash && !url.username
  return isGood ? url.href.replace(/\/$/, '') : undefined
}, 'write an address such as https://git.example.com/api/v1')

/** Kept as written: an issuer's name is compared letter by letter (OpenID Connect Discovery, 4.3). */
export const issuerUrl: Value<string> = z
  .string()
  .refine(isIssuer, 'write the https address of the provider, as it calls itself, such as https://login.example.com')

/** Plain http is for this machine alone. */
export function isIssuer(text: string): boolean {
  const url = webUrlOf(text)
  if (!url) return false
  return url.protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
}

function webUrlOf(text: string): (URL & { protocol: 'http:' | 'https:' }) | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
  if (url.search || url.hash || url.username || url.password) return undefined
  return url as URL & { protocol: 'http:' | 'https:' }
}

/** `10.0.0.5, 192.168.0.0/16, fd00::/8`. */
export const networks: Value<string[]> = list(
  isNetwork,
  'write addresses or networks, such as 10.0.0.5 or 192.168.0.0/16, separated by commas',
)

/** One address is a network of all its bits. */
export interface Network {
  address: string
  bits: number
}

/** `10.0.0.5 192.168.0.0/16 fd00::/8`. */
export const networkList: Value<Network[]> = value((text) => {
  const all = text.trim().split(/\s+/)
  return all.length <= 200 && all.every(isNetwork) ? all.map(networkOf) : undefined
}, 'write addresses or networks, such as 10.0.0.5 or 192.168.0.0/16, separated by spaces')

function networkOf(text: string): Network {
  const [address = '', bits] = text.split('/')
  return { address, bits: Number(bits ?? (isIPv6(address) ? 128 : 32)) }
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  return bits === undefined ? most > 0 : Number(bits) <= most
}

export const redisUrl: Value<string> = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== ''
}, 'write an address such as redis://127.0.0.1:6379/0 or rediss://user:password@redis.example.com:6380')

export const dockerHost: Value<string> = z.string().refine((text) => {
  if (/^unix:\/\/\/.+/.test(text)) return true
  const url = /^tcp:/.test(text) ? URL.parse(text.replace(/^tcp:/, 'http:')) : null
  return url !== null && url.hostname !== '' && url.pathname === '/' && !url.search && !url.hash && !url.username
}, 'write unix:///path/of/docker.sock or tcp://host:port')

export const region: Value<string> = z
  .string()
  .regex(/^[a-z]{2,10}(-[a-z0-9]{1,20}){1,5}$/, 'write a region of AWS such as eu-central-1')

const MOST_REPOSITORIES = 20

/** Without tag and digest, by the distribution project's reference grammar. */
export const repository: Value<string> = z.string().refine((text) => {
  const slash = text.indexOf('/')
  const first = text.slice(0, Math.max(slash, 0))
  // The part before the first slash is a registry when it looks like a host, as for `docker pull`.
  const host = /[.:]/.test(first) || first === 'localhost' ? first : ''
  const name = host ? text.slice(slash + 1) : text
  const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
  if (name.length > 255 || !new RegExp(`^${part}(?:/${part})*$`).test(name)) return false
  return !host || placeOf(/:\d+$/.test(host) ? host : `${host}:443`) !== undefined
}, 'write an image repository in lower case without a tag or digest, such as registry.example.com/team/app')

/** `repository` is what the nameless one is called where it needs a name. */
export function isRepositoryName(text: string): boolean {
  return /^[a-z][a-z0-9]{0,19}$/.test(text) && text !== 'repository'
}

/** By name, in the order in which they are written. */
export const repositories: Value<{ name: string; reference: string }[]> = value((text) => {
  const listed = text
    .trim()
    .split(/[\s,]+/)
    .map((item) => /^([^=]*)=(.+)$/.exec(item))
    .map((read) => ({ name: read?.[1] ?? '', reference: read?.[2] ?? '' }))
  const names = new Set(listed.map(({ name }) => name))
  const isGood = listed.every(
    ({ name, reference }) => isRepositoryName(name) && repository.safeParse(reference).success,
  )
  return isGood && names.size === listed.length && names.size <= MOST_REPOSITORIES ? listed : undefined
}, `write NAME=REPOSITORY, separated by spaces, such as api=ghcr.io/team/api: at most ${MOST_REPOSITORIES} different names of up to 20 small letters and digits that begin with a letter (but not “repository”), and repositories without a tag`)

/** For lower case. Browsers take a name that ends in a number for an address. */
function isName(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split('.').every((label) => label.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) &&
    !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(text)
  )
}
