/**
 * What a browser keeps while its person is at the login provider. Lax, since the way back is a navigation from another
 * site. Nothing of it is stored here: anybody may begin a login, as often as they like.
 */
import { cookiesOf } from './session-cookie.ts'
import type { Begun } from './login-provider.ts'

const LIFE_SECONDS = 10 * 60
/** A longer way back is given up. */
const LONGEST_PATH = 1_000

export interface LoginUnderWay extends Begun {
  /** Where to afterwards: a path of this host. */
  back: string
}

/** The Set-Cookie value; null removes it. */
export function loginCookie(login: LoginUnderWay | null, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${login ? LIFE_SECONDS : 0}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  if (!login) return `${nameOf(secure)}=; ${attributes}`
  const { state, nonce, verifier, back } = login
  const path = Buffer.from(back.length > LONGEST_PATH ? '/' : back).toString('base64url')
  return `${nameOf(secure)}=${[state, nonce, verifier, path].join('.')}; ${attributes}`
}

/** Of all cookies of the name, since a preview can set one for the parent domain, the one of this state. */
export function loginOf(header: string | undefined, state: string, secure: boolean): LoginUnderWay | undefined {
  for (const text of cookiesOf(header, nameOf(secure))) {
    const [known, nonce, verifier, path] = text.split('.')
    if (known === state && nonce && verifier && path)
      return { state, nonce, verifier, back: Buffer.from(path, 'base64url').toString() }
  }
  return undefined
}

function nameOf(secure: boolean): string {
  return secure ? '__Host-lotan-login' : 'lotan-login'
}
