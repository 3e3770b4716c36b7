/** Reads JSON that others sent: what is not there, or of another kind, is null. Pure. */

export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return null
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

/** @returns null also for a text longer than `LONGEST` */
export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = at(value, ...path)
  return typeof found === 'string' && found !== '' && found.length <= LONGEST ? found : null
}

/** A whole one, above 0. */
export function numberAt(value: unknown, ...path: readonly string[]): number | null {
  const found = at(value, ...path)
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? found : null
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Milliseconds since 1970. */
export function timeAt(value: unknown, ...path: readonly string[]): number | null {
  const found = Date.parse(textAt(value, ...path) ?? '')
  return Number.isNaN(found) ? null : found
}

export function commitAt(value: unknown, ...path: readonly string[]): string | null {
  const found = textAt(value, ...path)
  return found !== null && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(found) ? found : null
}

/** Pages show it as a link. */
export function addressAt(value: unknown, ...path: readonly string[]): string | null {
  const found = textAt(value, ...path)
  return found !== null && /^https?:$/.test(URL.parse(found)?.protocol ?? '') ? found : null
}

/** Characters. A branch, a title or an address has fewer at every forge. */
const LONGEST = 2_000
