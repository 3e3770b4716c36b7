/**
 * Where a registry's list goes on. What registries send for it is not always what RFC 8288 has: the other scheme or host
 * behind a proxy, no `<>`, `rel="Next"`, or nothing at all. Pure.
 */

/**
 * The address in the `Link` whose relation is `next`: its path and query, on the origin that was asked. A login is sent
 * nowhere else.
 *
 * @param link the header's text, null where there is none
 * @param asked the address that was answered
 */
export function nextIn(link: string | null, asked: URL): URL | undefined {
  for (const { target, relations } of linksIn(link ?? '')) {
    if (!relations.includes('next')) continue
    const found = URL.parse(target, asked.href)
    // Not by resolving them: a path may begin with `//`, which would be another host.
    if (found) return Object.assign(new URL(asked.origin), { pathname: found.pathname, search: found.search })
  }
  return undefined
}

/** The list from behind a tag on. */
export function behind(tag: string, asked: URL): URL {
  const url = new URL(asked)
  url.searchParams.set('last', tag)
  return url
}

interface Link {
  target: string
  /** In lower case. */
  relations: string[]
}

/** Longer than any address that a registry needs. */
const MOST_CHARACTERS = 8_000

function linksIn(text: string): Link[] {
  return pieces(text.slice(0, MOST_CHARACTERS), ',').flatMap((piece) => {
    const [first = '', ...parameters] = pieces(piece, ';')
    const target = first.trim().replace(/^<(.*)>$/s, '$1')
    const rel = parameters.map((parameter) => /^\s*rel\s*=\s*"?([^"]*)"?\s*$/is.exec(parameter)?.[1]).find(Boolean)
    return target ? [{ target, relations: (rel ?? '').toLowerCase().split(/\s+/) }] : []
  })
}

/** Splits where the separator stands outside of `<…>` and `"…"`. */
function pieces(text: string, separator: ',' | ';'): string[] {
  const found = ['']
  let until = ''
  for (const character of text) {
    if (character === separator && !until) {
      found.push('')
      continue
    }
    if (until) until = character === until ? '' : until
    else if (character === '<') until = '>'
    else if (character === '"') until = '"'
    found[found.length - 1] += character
  }
  return found
}
