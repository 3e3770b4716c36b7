/** Read anew each time: logins change. */
import fs from 'node:fs'
import path from 'node:path'
import { isObject } from './body.ts'

export type Login = { serveraddress?: string } & ({ username: string; password: string } | { identitytoken: string })

export interface Saved {
  /** From `credHelpers`, without `docker-credential-`. */
  helper: string | undefined
  /** From `credsStore`: for all registries. */
  store: string | undefined
  /** From `auths`. */
  login: Login | undefined
}

/** The name of the default registry, and its key in `config.json`. */
export const HUB = 'docker.io'
const HUB_KEY = 'index.docker.io'

/** `nginx` is `library/nginx` on the hub. */
export function splitReference(reference: string): { host: string; name: string } {
  const slash = reference.indexOf('/')
  const first = reference.slice(0, Math.max(slash, 0))
  const hasHost = /[.:]/.test(first) || first === 'localhost'
  const host = hasHost && first !== HUB_KEY ? first : HUB
  const rest = (hasHost ? reference.slice(slash + 1) : reference).replace(/@.*$/, '').replace(/:[^:/]*$/, '')
  return { host, name: host === HUB && !rest.includes('/') ? `library/${rest}` : rest }
}

export function helperKey(host: string): string {
  return host === HUB ? `https://${HUB_KEY}/v1/` : host
}

/** @throws where the file exists and cannot be read */
export function savedFor(host: string, dockerConfig: string): Saved {
  const file = path.join(dockerConfig, 'config.json')
  if (!fs.existsSync(file)) return { helper: undefined, store: undefined, login: undefined }
  const { auths, credHelpers, credsStore } = objectIn(fs.readFileSync(file, 'utf8'))
  const matching = (entries: unknown) => Object.entries(known(entries)).filter(([key]) => isForHost(key, host))
  return {
    helper: textOf(matching(credHelpers)[0]?.[1]),
    store: textOf(credsStore),
    login: matching(auths)
      .map(([serveraddress, entry]) => loginOf(serveraddress, known(entry)))
      .find((login) => login !== undefined),
  }
}

type Known = Record<string, unknown>

/** The parser's own words would repeat what it read, a password perhaps. */
function objectIn(text: string): Known {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('it is no JSON')
  }
  if (isObject(value)) return value
  throw new Error('it is no JSON object')
}

/** A part of another kind counts as none: other programs write the file too. */
function known(value: unknown): Known {
  return isObject(value) ? value : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Keys are hosts, or addresses such as https://HOST/v1/. */
function isForHost(key: string, host: string): boolean {
  const named = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return named === host || (host === HUB && named === HUB_KEY)
}

function loginOf(serveraddress: string, entry: Known): Login | undefined {
  const identitytoken = textOf(entry.identitytoken)
  if (identitytoken !== undefined) return { identitytoken, serveraddress }
  const written = /^([^:]*):(.*)$/s.exec(decoded(textOf(entry.auth)))
  const [username, password] = written?.slice(1) ?? [textOf(entry.username), textOf(entry.password)]
  return username && password ? { username, password, serveraddress } : undefined
}

function decoded(auth = ''): string {
  // docker pads with zero bytes.
  return Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
}
