/** The login cookie `EXPIRY.HMAC-SHA256(token, EXPIRY)`, EXPIRY in seconds: nothing is stored; a new token ends all. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const LIFE_SECONDS = 30 * 24 * 60 * 60

export function proofOf(token: string, now: number): string {
  const expiry = String(Math.floor(now / 1_000) + LIFE_SECONDS)
  return `${expiry}.${sign(token, expiry)}`
}

/** The Set-Cookie value; null logs out. Without Domain, so it goes to this host only. */
export function setCookie(proof: string | null, secure: boolean): string {
  const life = proof === null ? 0 : LIFE_SECONDS
  const attributes = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return `${nameOf(secure)}=${proof ?? ''}; ${attributes}`
}

/** Tries every cookie of the name: a preview can set one for the parent domain, and browsers may send it first. */
export function provesLogin(header: string | undefined, token: string, secure: boolean, now: number): boolean {
  const start = `${nameOf(secure)}=`
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
    .some((pair) => isProof(pair.slice(start.length), token, now))
}

export function isToken(text: string, token: string): boolean {
  return timingSafeEqual(digest(text), digest(token))
}

function isProof(text: string, token: string, now: number): boolean {
  const [expiry, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(text)?.slice(1) ?? []
  if (!expiry || !signature || Number(expiry) * 1_000 <= now) return false
  return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(token, expiry)))
}

/** Browsers let no other host set a `__Host-` cookie; it needs TLS. */
function nameOf(secure: boolean): string {
  return secure ? '__Host-lotan' : 'lotan'
}

function sign(token: string, expiry: string): string {
  return createHmac('sha256', token).update(expiry).digest('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
