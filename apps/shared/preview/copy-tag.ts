/**
 * The tag of a copy of a preview is `BASE~NAME`. No registry's tag has a `~`, so that it never is one. People and programs
 * read and write `BASE--as-NAME`: the copy of that name is meant where there is one, else the tag that is written so.
 */
const SEPARATOR = '~'
const SHOWN = '--as-'
const BASE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
/** Never two hyphens in a row: the last `--as-` of a shown tag is the separator. */
const NAME = /^(?!.*--)[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?$/

export function isCopyName(text: string): boolean {
  return NAME.test(text)
}

/** Of a tag, or of the id of a preview. */
export function isCopy(tag: string): boolean {
  return tag.includes(SEPARATOR)
}

/** The tag that the registry has: its own, but for a copy. */
export function baseTag(tag: string): string {
  return tag.split(SEPARATOR, 1)[0]!
}

/** Null for what is no copy. */
export function copyNameOf(tag: string): string | null {
  return isCopy(tag) ? tag.slice(tag.indexOf(SEPARATOR) + 1) : null
}

/** A copy of a copy is one of the same base. */
export function copyTag(of: string, name: string): string {
  return `${baseTag(of)}${SEPARATOR}${name}`
}

/** As people and programs read it: `pr-7--as-anna`. Of an id, too: `api/pr-7--as-anna`. */
export function shownTag(tag: string): string {
  return tag.replace(SEPARATOR, SHOWN)
}

/** The tag of the copy that a shown one would be; undefined where it can be none. */
export function readShownTag(text: string): string | undefined {
  const at = text.lastIndexOf(SHOWN)
  if (at < 0) return undefined
  const [base, name] = [text.slice(0, at), text.slice(at + SHOWN.length)]
  return BASE.test(base) && NAME.test(name) ? `${base}${SEPARATOR}${name}` : undefined
}
