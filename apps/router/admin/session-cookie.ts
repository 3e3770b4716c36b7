/**
 * The login cookie: not the token, but its word that whoever holds it knew the token, until a day.
 *
 * `EXPIRY.HMAC-SHA256(token, EXPIRY)`, EXPIRY in seconds since 1970. Nothing is kept for it; a new token ends all logins.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const LIFE_SECONDS = 30 * 24 * 60 * 60

/** @param token the admin token @param now milliseconds since 1970 */
export function proofOf(token: string, now: number): string {
  const expiry = String(Math.floor(now / 1_000) + LIFE_SECONDS)
  return `${expiry}.${sign(token, expiry)}`
}

/** The Set-Cookie line that logs in, or, with null for a proof, out. It goes to this one host, without a Domain. */
export function setCookie(proof: string | null, secure: boolean): string {
  const life = proof === null ? 0 : LIFE_SECONDS
  const attributes = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return `${nameOf(secure)}=${proof ?? ''}; ${attributes}`
}

/**
 * Whether a Cookie header holds a login that is good now. A preview can set cookies of the same name for the parent
 * domain, which come first as often as not, so every one of that name is tried.
 *
 * @param header as it was sent
 * @param secure whether the public address is https
 */
export function provesLogin(header: string | undefined, token: string, secure: boolean, now: number): boolean {
  const start = `${nameOf(secure)}=`
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
    .some((pair) => isProof(pair.slice(start.length), token, now))
}

/** Compares without telling by its time how much was right. */
export function isToken(text: string, token: string): boolean {
  return timingSafeEqual(digest(text), digest(token))
}

function isProof(text: string, token: string, now: number): boolean {
  const [expiry, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(text)?.slice(1) ?? []
  if (!expiry || !signature || Number(expiry) * 1_000 <= now) return false
  return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(token, expiry)))
}

/** Over TLS a `__Host-` name, which browsers let nobody set for another host. */
function nameOf(secure: boolean): string {
  return secure ? '__Host-lotan' : 'lotan'
}

function sign(token: string, expiry: string): string {
  return createHmac('sha256', token).update(expiry).digest('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
