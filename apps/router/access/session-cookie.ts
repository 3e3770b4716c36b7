/** The login cookie: the secret of a session, which the store knows by its hash. */
import { isSecret } from '../../shared/secret.ts'

export const LIFE_SECONDS = 30 * 24 * 60 * 60

/** The Set-Cookie value; null logs out. Without Domain, so it goes to this host only. */
export function setCookie(secret: string | null, secure: boolean): string {
  const life = secret === null ? 0 : LIFE_SECONDS
  const attributes = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return `${nameOf(secure)}=${secret ?? ''}; ${attributes}`
}

/** Of every cookie of the name: a preview can set one for the parent domain, and browsers may send it first. */
export function secretsIn(header: string | undefined, secure: boolean): string[] {
  return cookiesOf(header, nameOf(secure)).filter(isSecret)
}

/** The values of all cookies of a name, in their order. */
export function cookiesOf(header: string | undefined, name: string): string[] {
  const start = `${name}=`
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length))
}

/** Browsers let no other host set a `__Host-` cookie; it needs TLS. */
function nameOf(secure: boolean): string {
  return secure ? '__Host-lotan' : 'lotan'
}
