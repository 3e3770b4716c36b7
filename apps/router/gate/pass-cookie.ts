import { passCookieName } from '../../shared/pass-cookie.ts'

/**
 * The Set-Cookie value; null removes it. Without Domain, so no sibling is sent it; Lax, since people follow links to
 * previews.
 * @param pass.until milliseconds since 1970
 */
export function passCookie(pass: { secret: string; until: number } | null, site: { protocol: string }): string {
  const life = pass === null ? 0 : Math.max(0, Math.ceil((pass.until - Date.now()) / 1_000))
  const attributes = `Path=/; Max-Age=${life}; HttpOnly; SameSite=Lax${site.protocol === 'https:' ? '; Secure' : ''}`
  return `${passCookieName(site)}=${pass?.secret ?? ''}; ${attributes}`
}
