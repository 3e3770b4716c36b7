/**
 * The name of the cookie that lets a browser through the gate: nginx reads it, and the router sets it. Browsers let no
 * other host set a `__Host-` cookie; it needs TLS.
 */
export function passCookieName({ protocol }: { protocol: string }): string {
  return protocol === 'https:' ? '__Host-lotan-pass' : 'lotan-pass'
}
