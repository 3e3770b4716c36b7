/**
 * What may stand in a setting. A kind of value reads a text, or answers undefined, and says what is wanted instead.
 * No setting's name stands here, and nothing is looked up: that is config.ts.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** A setting that cannot be used: its variable, and what to do about it. */
export interface Problem {
  variable: string
  problem: string
}

/** A kind of value. `secret`: a bad one is not repeated in the message. */
export interface Kind<T> {
  parse: (text: string) => T | undefined
  wanted: string
  secret?: boolean
}

/**
 * Reads settings one by one and collects every problem. An empty text counts as unset.
 *
 * @returns `read` answers the fallback for a bad value too, so that the rest can be looked at: nothing of it may be
 * used when there is a problem. `good` says whether a variable had none so far
 */
export function settingsIn(env: NodeJS.ProcessEnv) {
  const problems: Problem[] = []
  const refuse = (variable: string, problem: string) => void problems.push({ variable, problem })
  return {
    problems,
    refuse,
    good: (...variables: string[]) => !problems.some(({ variable }) => variables.includes(variable)),
    read<T, F>(variable: string, fallback: F, kind: Kind<T>): T | F {
      const text = env[variable]
      if (!text) return fallback
      const value = kind.parse(text)
      if (value !== undefined) return value
      refuse(variable, `${kind.secret ? 'cannot be used' : `is ${quoted(text)}`}: ${kind.wanted}`)
      return fallback
    },
  }
}

/** A value for a message: on one line, and not longer than one. */
export function quoted(text: string): string {
  // Control characters, what breaks a line, what turns its direction, and what cannot be seen.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '?')
  return plain.length > 100 ? `'${plain.slice(0, 100)}…'` : `'${plain}'`
}

/** A time span, in milliseconds. */
export function duration(unit: 'minutes' | 'seconds', most: number, least?: 0): Kind<number> {
  return {
    parse: (text) => {
      const ms = Math.round((decimal(text) ?? NaN) * (unit === 'minutes' ? 60_000 : 1_000))
      return ms >= (least ?? 1) && decimal(text)! <= most ? ms : undefined
    },
    wanted: `write a number of ${unit} ${least === 0 ? 'from 0' : 'greater than 0'}, such as 10 or 0.5, at most ${most}`,
  }
}

export function integer(least: number, most: number): Kind<number> {
  return {
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
      return value >= least && value <= most ? value : undefined
    },
    wanted: `write a whole number from ${least} to ${most}`,
  }
}

/** The engine's own bounds: it refuses less than a hundredth of a processor. */
export const cpus: Kind<number> = {
  parse: (text) => {
    const value = decimal(text)
    return value !== undefined && value >= 0.01 && value <= 1_024 ? value : undefined
  },
  wanted: 'write a number of processors, such as 1 or 0.5, at least 0.01',
}

/** An amount of memory as the engine's command line takes it. Kept as written. */
export const memory: Kind<string> = {
  // The engine refuses less than 6 MB.
  parse: (text) => ((bytesOf(text) ?? 0) >= 6 * 1024 ** 2 ? text.toLowerCase() : undefined),
  wanted: 'write an amount of memory such as 512m or 1g, at least 6m',
}

/** An amount of disk, written as one of memory is. Less than this is what an application writes as it starts. */
export const disk: Kind<string> = {
  parse: (text) => ((bytesOf(text) ?? 0) >= 1024 ** 2 ? text.toLowerCase() : undefined),
  wanted: 'write an amount of disk such as 500m or 2g, at least 1m',
}

/** `512m` in bytes; undefined for what is no amount of memory. */
export function bytesOf(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)([kmgt]?)b?$/i.exec(text)
  if (!match) return undefined
  const bytes = Math.round(Number(match[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(match[2]!.toLowerCase()))
  return bytes <= Number.MAX_SAFE_INTEGER ? bytes : undefined
}

/** A span that can be switched off, which is `off`; milliseconds, or null. */
export function orOff(span: Kind<number>): Kind<number | null> {
  return { parse: (text) => (text === 'off' ? null : span.parse(text)), wanted: `${span.wanted}, or off` }
}

const LEAST_PAUSE_MS = 6_000
const minutes = duration('minutes', 100_000)

/**
 * When a preview is frozen. That is done to nobody who comes again and again, of whom less is known than the clock says:
 * nginx asks about a host every 2 s and may use an answer for 1 s more, and what it asked is written down 0.5 s later.
 */
export const pauseSpan: Kind<number> = {
  parse: (text) => {
    const ms = minutes.parse(text)
    return ms !== undefined && ms >= LEAST_PAUSE_MS ? ms : undefined
  },
  wanted: `${minutes.wanted}, and at least ${LEAST_PAUSE_MS / 60_000}, since who is there is only known to within 3.5 s`,
}

/** A list of pieces of user agents, `statuscheck, acme-probe/2`. */
export const agents: Kind<string[]> = {
  parse: (text) => listOf(text, (piece) => /^[\x20-\x7e]{3,200}$/.test(piece)),
  wanted: 'write pieces of user agents, at least 3 characters each, separated by commas',
}

/** A list of paths, in which `*` stands for anything: `/healthz, /status/*`. */
export const paths: Kind<string[]> = {
  parse: (text) => listOf(text, (path) => /^\/[\x21-\x7e]{0,500}$/.test(path) && !/[?#]/.test(path) && path !== '/*'),
  wanted:
    'write paths that begin with /, without a query, separated by commas; * stands for anything, but not for all paths',
}

function listOf(text: string, isGood: (item: string) => boolean): string[] | undefined {
  const items = text.split(',').map((item) => item.trim())
  return items.length <= 200 && items.every(isGood) ? items : undefined
}

export const zeroOrOne: Kind<boolean> = {
  parse: (text) => (text === '1' ? true : text === '0' ? false : undefined),
  wanted: 'write 1 or 0',
}

export function oneOf<const T extends string>(...words: T[]): Kind<T> {
  return { parse: (text) => words.find((word) => word === text), wanted: `write ${words.join(' or ')}` }
}

export const anyText: Kind<string> = { parse: (text) => text, wanted: '' }

export const password: Kind<string> = {
  parse: (text) => (/^[\x21-\x7e]{16,256}$/.test(text) ? text : undefined),
  wanted: 'write at least 16 characters, without spaces, or leave it out and one is made',
  secret: true,
}

/** A domain that leaves room for the longest label below it. */
export const domain: Kind<string> = {
  parse: (text) => {
    const name = text.toLowerCase()
    return name.length <= 253 - 64 && isName(name) ? name : undefined
  },
  wanted: 'write a domain name such as previews.example.com, at most 189 characters',
}

/** Where to listen. An IPv6 address keeps its brackets, as nginx and addresses of pages want it. */
export const listen: Kind<{ host: string; port: number }> = {
  parse: (text) => {
    const [, host = '', digits] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? []
    const port = Number(digits)
    if (!(port >= 1 && port <= 65_535)) return undefined
    if (host === '' || host === '*') return { host: '0.0.0.0', port }
    const bracketed = /^\[(.*)\]$/.exec(host)?.[1]
    if (bracketed !== undefined) return isIPv6(bracketed) ? { host: host.toLowerCase(), port } : undefined
    return isIPv4(host) || isName(host.toLowerCase()) ? { host, port } : undefined
  },
  wanted: 'write an address and a port such as 127.0.0.1:8080, 0.0.0.0:80 or [::1]:8080',
}

export const publicUrl: Kind<{ protocol: 'http:' | 'https:'; host: string; port: number | null }> = {
  parse: (text) => {
    const url = URL.parse(text)
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
    if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) return undefined
    return { protocol: url.protocol, host: url.hostname, port: url.port ? Number(url.port) : null }
  },
  wanted: 'write scheme, domain and port, without a path, such as https://previews.example.com',
}

/** A file, by its path. What is in it is looked at by who uses it. */
export const file: Kind<string> = {
  // nginx reads it in quotes, and takes a $ for a variable.
  parse: (text) => (/^[^\u0000-\u001f"\\$]+$/.test(text) ? text : undefined),
  wanted: 'write the path of a file, without quotes, backslashes and dollars',
}

/** Addresses and networks of proxies: `10.0.0.5, 192.168.0.0/16, fd00::/8`. */
export const networks: Kind<string[]> = {
  parse: (text) => listOf(text, isNetwork),
  wanted: 'write addresses or networks, such as 10.0.0.5 or 192.168.0.0/16, separated by commas',
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  return bits === undefined ? most > 0 : Number(bits) <= most
}

/** Where the API is; kept as scheme, host and port. */
export const apiUrl: Kind<string> = {
  parse: (text) => {
    const url = URL.parse(text)
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
    if (!/^\/(api\/v1\/?)?$/.test(url.pathname) || url.search || url.hash || url.username || url.password)
      return undefined
    return url.origin
  },
  wanted: 'write the address of the admin page, such as https://previews.example.com',
}

export const redisUrl: Kind<string> = {
  parse: (text) => {
    const url = URL.parse(text)
    return url && /^rediss?:$/.test(url.protocol) && url.hostname ? text : undefined
  },
  wanted: 'write an address such as redis://127.0.0.1:6379/0 or rediss://user:password@redis.example.com:6380',
  secret: true,
}

export const dockerHost: Kind<string> = {
  parse: (text) => {
    if (/^unix:\/\/\/.+/.test(text)) return text
    const url = /^tcp:/.test(text) ? URL.parse(text.replace(/^tcp:/, 'http:')) : null
    return url?.hostname && url.pathname === '/' && !url.search && !url.hash && !url.username ? text : undefined
  },
  wanted: 'write unix:///path/of/docker.sock or tcp://host:port',
}

/** How nginx reaches previews. */
export const slotKind: Kind<'network' | 'port'> = {
  parse: (text) => (text === 'network' || text === 'port' ? text : undefined),
  wanted: 'write network or port, or leave it out and the one that works here is chosen',
}

/** A region of AWS. */
export const region: Kind<string> = {
  parse: (text) => (/^[a-z]{2,10}(-[a-z0-9]{1,20}){1,5}$/.test(text) ? text : undefined),
  wanted: 'write a region of AWS such as eu-central-1',
}

/** An image repository without tag and digest, as the distribution project's reference grammar has it. */
export const repository: Kind<string> = {
  parse: (text) => {
    const slash = text.indexOf('/')
    const first = text.slice(0, Math.max(slash, 0))
    // What stands before the first slash is a registry when it looks like a host, as for `docker pull`.
    const host = /[.:]/.test(first) || first === 'localhost' ? first : ''
    const name = host ? text.slice(slash + 1) : text
    const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
    if (name.length > 255 || !new RegExp(`^${part}(?:/${part})*$`).test(name)) return undefined
    return !host || listen.parse(/:\d+$/.test(host) ? host : `${host}:443`) ? text : undefined
  },
  wanted: 'write an image repository in lower case without a tag or digest, such as registry.example.com/team/app',
}

function decimal(text: string): number | undefined {
  return /^(\d{1,12}(\.\d{0,12})?|\.\d{1,12})$/.test(text) ? Number(text) : undefined
}

/** Whether a text in lower case is a host name. One that ends in a number is an address to browsers. */
function isName(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split('.').every((label) => label.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) &&
    !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(text)
  )
}
