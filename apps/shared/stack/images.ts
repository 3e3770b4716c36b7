/** Which images services may have. Pure. */
import { HUB, splitReference } from '../image-reference.ts'

/** Images that Docker itself looks after: https://github.com/docker-library/official-images */
const OFFICIAL = `${HUB}/library/*`

/** `ghcr.io/team/app`: all of `ghcr.io/team/`; a registry without namespaces: all of it. And Docker's official images. */
export function standardPatterns(references: readonly string[]): string[] {
  return [...new Set([...references.map(spaceOf), OFFICIAL])]
}

function spaceOf(reference: string): string {
  const { host, name } = splitReference(reference)
  return `${host}/${name.slice(0, name.lastIndexOf('/') + 1)}*`
}

/** @param image of a stack, `postgres:16` @param patterns `ghcr.io/team/*`, `postgres:*`; `*` is anything */
export function isAllowed(image: string, patterns: readonly string[]): boolean {
  const found = partsOf(image)
  return patterns.some((pattern) => {
    if (pattern === '*') return true
    const wanted = partsOf(pattern)
    return (
      matches(`${found.host}/${found.name}`, `${wanted.host}/${wanted.name}`) &&
      (wanted.tag === undefined || matches(found.tag ?? (found.digest === undefined ? 'latest' : ''), wanted.tag)) &&
      (wanted.digest === undefined || matches(found.digest ?? '', wanted.digest))
    )
  })
}

interface Parts {
  host: string
  /** `library/postgres` */
  name: string
  /** Undefined where there is none. */
  tag: string | undefined
  digest: string | undefined
}

function partsOf(text: string): Parts {
  const [whole = '', digest] = text.split('@')
  const tag = /:([^:/]*)$/.exec(whole)?.[1]
  const { host, name } = splitReference(whole)
  // All of the hub, and not its official images alone.
  return { host, name: name === 'library/*' && whole.startsWith(`${HUB}/*`) ? '*' : name, tag, digest }
}

function matches(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return text === pattern
  const last = rest.pop()!
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const piece of rest) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= text.length - last.length
}
