/** What `lotan forward` is asked for: `5432`, `db:5432`, and where each is to be here. Pure. */
import { isService } from '../place.ts'

export interface Forwarded {
  /** As Lotan is asked for it: `db:5432`; a port alone is the application's. */
  to: string
  /** Where it is here; port 0: any that is free. */
  host: string
  port: number
}

const LOOPBACK = '127.0.0.1'

/** @param binds one for each target in their order, or one address for all @returns `why` for what cannot be meant */
export function readForwards(targets: readonly string[], binds: readonly string[]): Forwarded[] | { why: string } {
  if (binds.length > targets.length) return { why: '--bind is given once for each port, in their order' }
  const places = binds.map(readBind)
  const wrong = places.findIndex((place) => place === undefined)
  if (wrong >= 0) return { why: `--bind is ADDRESS:PORT, ADDRESS or PORT, and '${binds[wrong]}' is none of these` }
  const forwards: Forwarded[] = []
  for (const [i, target] of targets.entries()) {
    const read = readTarget(target)
    if (!read) return { why: `'${target}' is no PORT and no SERVICE:PORT, as 5432 or db:5432` }
    // An address alone says it of all of them.
    const { host = LOOPBACK, port = read.port } = places[i] ?? (places.length === 1 ? { host: places[0]!.host } : {})
    forwards.push({ to: read.to, host, port })
  }
  return forwards
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** `127.0.0.1:5432`, `[::1]:5432` */
export function shownAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function readTarget(text: string): { to: string; port: number } | undefined {
  const [, service, digits = ''] = /^(?:([^:]+):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65_535) || (service !== undefined && !isService(service))) return undefined
  return { to: service === undefined ? `${port}` : `${service}:${port}`, port }
}

function readBind(text: string): { host?: string; port?: number } | undefined {
  if (/^:?\d{1,5}$/.test(text)) return withPort({}, text.replace(':', ''))
  const [, six, four, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = six ?? four
  return host === undefined ? undefined : withPort({ host }, port)
}

function withPort(place: { host?: string }, digits: string | undefined) {
  if (digits === undefined) return place
  return Number(digits) <= 65_535 ? { ...place, port: Number(digits) } : undefined
}
