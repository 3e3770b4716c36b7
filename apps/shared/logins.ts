/** The registry logins that `docker login` keeps in `config.json`. Read anew each time: logins come and go. */
import fs from 'node:fs'
import path from 'node:path'

/** In the shape the engine takes with a pull. */
export interface Login {
  username: string
  password: string
  serveraddress: string
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

/**
 * The login for a registry.
 *
 * @param dockerConfig the directory of `config.json`
 * @returns undefined when there is none
 * @throws when the file is there and cannot be read
 */
export function loginFor(host: string, dockerConfig: string): Login | undefined {
  const file = path.join(dockerConfig, 'config.json')
  if (!fs.existsSync(file)) return undefined
  const wanted = host === HUB ? HUB_KEY : host
  const { auths } = JSON.parse(fs.readFileSync(file, 'utf8')) as { auths?: Record<string, Entry> }
  for (const [serveraddress, entry] of Object.entries(auths ?? {})) {
    // Keys are hosts, or addresses such as https://HOST/v1/.
    if (serveraddress.replace(/^https?:\/\//, '').replace(/\/.*$/, '') !== wanted) continue
    const [, username, password] = /^([^:]*):(.*)$/s.exec(decoded(entry.auth)) ?? ['', entry.username, entry.password]
    if (username && password) return { username, password, serveraddress }
  }
  return undefined
}

interface Entry {
  auth?: string
  username?: string
  password?: string
}

function decoded(auth = ''): string {
  // docker pads with zero bytes.
  return Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
}
