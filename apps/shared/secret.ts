/** Random secrets, of which only hashes are kept: 256 bits need no slow hash, since no guess ever meets one. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 43 characters of letters, digits, `-` and `_`. */
export function makeSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function isSecret(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Takes as long for each text. */
export function isSame(text: string, secret: string): boolean {
  return timingSafeEqual(createHash('sha256').update(text).digest(), createHash('sha256').update(secret).digest())
}
