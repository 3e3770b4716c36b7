/** Read anew each time: logins change. */
import fs from 'node:fs'
import path from 'node:path'
import { isObject } from './body.ts'
import { HUB, HUB_KEY, splitReference } from '../image-reference.ts'

export { HUB, splitReference }

export type Login = { serveraddress?: string } & ({ username: string; password: string } | { identitytoken: string })

export interface Saved {
  /** From `credHelpers`, without `docker-credential-`. */
  helper: string | undefined
  /** From `credsStore`: for all registries. */
  store: string | undefined
  /** From `auths`: of the repository alone, or of a part of its registry that holds it. */
  ownLogin: Login | undefined
  /** From `auths`: of its registry. */
  login: Login | undefined
}

export function helperKey(host: string): string {
  return host === HUB ? `https://${HUB_KEY}/v1/` : host
}

/** @param reference of a repository @throws where the file exists and cannot be read */
export function savedFor(reference: string, dockerConfig: string): Saved {
  const file = path.join(dockerConfig, 'config.json')
  if (!fs.existsSync(file)) return { helper: undefined, store: undefined, ownLogin: undefined, login: undefined }
  const { auths, credHelpers, credsStore } = objectIn(fs.readFileSync(file, 'utf8'))
  const { host, name } = splitReference(reference)
  const logins = Object.entries(known(auths)).flatMap(([key, entry]) => {
    const login = loginOf(key, known(entry))
    return login ? [{ ...namedBy(key), login }] : []
  })
  const ofHost = logins.filter((one) => one.host === host)
  const own = ofHost.filter(({ space }) => space !== '' && `${name}/`.startsWith(`${space}/`))
  return {
    helper: textOf(Object.entries(known(credHelpers)).find(([key]) => namedBy(key).host === host)?.[1]),
    store: textOf(credsStore),
    ownLogin: own.sort((a, b) => b.space.length - a.space.length)[0]?.login,
    login: ofHost.find(({ space }) => space === '')?.login,
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

/**
 * Keys are hosts, addresses such as https://HOST/v1/, as docker writes them, or HOST/NAMESPACE:
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
function namedBy(key: string): { host: string; space: string } {
  const [, scheme, host = '', path = ''] = /^(https?:\/\/)?([^/]*)\/?(.*?)\/*$/s.exec(key) ?? []
  const isAddress = scheme !== undefined || /^v[12]$/.test(path)
  return { host: host === HUB_KEY ? HUB : host, space: isAddress ? '' : path }
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
