/** What `config.json` says of a registry's login, as `docker login` wrote it. Read anew each time: logins come and go. */
import fs from 'node:fs'
import path from 'node:path'

/** In the shape the engine takes with a pull. */
export type Login = { serveraddress?: string } & (
  | { username: string; password: string }
  /** What a token service takes in place of a password. */
  | { identitytoken: string }
)

/** Where the login of a registry is to be had. */
export interface Saved {
  /** The helper for this registry alone (`credHelpers`), without its `docker-credential-`. */
  helper: string | undefined
  /** The helper for all of them (`credsStore`). */
  store: string | undefined
  /** The login that stands in the file itself (`auths`). */
  login: Login | undefined
}

/** The name a registry without a host in the reference goes by, and the one it has in `config.json`. */
export const HUB = 'docker.io'
const HUB_KEY = 'index.docker.io'

/** The registry a reference names and the repository's path there: `nginx` is `library/nginx` on the hub. */
export function splitReference(reference: string): { host: string; name: string } {
  const slash = reference.indexOf('/')
  const first = reference.slice(0, Math.max(slash, 0))
  const named = /[.:]/.test(first) || first === 'localhost'
  const host = named && first !== HUB_KEY ? first : HUB
  const rest = (named ? reference.slice(slash + 1) : reference).replace(/@.*$/, '').replace(/:[^:/]*$/, '')
  return { host, name: host === HUB && !rest.includes('/') ? `library/${rest}` : rest }
}

/** The name that `docker` asks a helper for. */
export function helperKey(host: string): string {
  return host === HUB ? `https://${HUB_KEY}/v1/` : host
}

/**
 * Where the login for a registry is.
 *
 * @param dockerConfig the directory of `config.json`
 * @throws when the file is there and cannot be read
 */
export function savedFor(host: string, dockerConfig: string): Saved {
  const file = path.join(dockerConfig, 'config.json')
  if (!fs.existsSync(file)) return { helper: undefined, store: undefined, login: undefined }
  const { auths, credHelpers, credsStore } = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<File>
  const about = <T>(entries: Record<string, T> = {}) => Object.entries(entries).filter(([key]) => isAbout(key, host))
  return {
    helper: about(credHelpers)[0]?.[1],
    store: credsStore || undefined,
    login: about(auths)
      .map(([serveraddress, entry]) => loginOf(serveraddress, entry))
      .find((login) => login !== undefined),
  }
}

interface File {
  auths: Record<string, Entry>
  credHelpers: Record<string, string>
  credsStore: string
}

interface Entry {
  auth?: string
  username?: string
  password?: string
  identitytoken?: string
}

/** Keys are hosts, or addresses such as https://HOST/v1/. */
function isAbout(key: string, host: string): boolean {
  const named = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return named === host || (host === HUB && named === HUB_KEY)
}

function loginOf(serveraddress: string, entry: Entry): Login | undefined {
  const { identitytoken } = entry
  if (identitytoken) return { identitytoken, serveraddress }
  const [, username, password] = /^([^:]*):(.*)$/s.exec(decoded(entry.auth)) ?? ['', entry.username, entry.password]
  return username && password ? { username, password, serveraddress } : undefined
}

function decoded(auth = ''): string {
  // docker pads with zero bytes.
  return Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
}
