/** Registries deviate from RFC 8288: another host, no `<>`, `rel="Next"`, or no link. */

/** Its path and query on the requested origin: the login is sent nowhere else. */
export function nextIn(link: string | null, requested: URL): URL | undefined {
  for (const { target, relations } of linksIn(link ?? '')) {
    if (!relations.includes('next')) continue
    const found = URL.parse(target, requested.href)
    // Not resolved as a URL: a path may begin with `//`, which would be another host.
    if (found) return Object.assign(new URL(requested.origin), { pathname: found.pathname, search: found.search })
  }
  return undefined
}

export function pageAfter(tag: string, requested: URL): URL {
  const url = new URL(requested)
  url.searchParams.set('last', tag)
  return url
}

interface Link {
  target: string
  relations: string[]
}

/** Longer than any address that a registry needs. */
const MAX_LENGTH = 8_000

function linksIn(text: string): Link[] {
  return pieces(text.slice(0, MAX_LENGTH), ',').flatMap((piece) => {
    const [first = '', ...parameters] = pieces(piece, ';')
    const target = first.trim().replace(/^<(.*)>$/s, '$1')
    const rel = parameters.map((parameter) => /^\s*rel\s*=\s*"?([^"]*)"?\s*$/is.exec(parameter)?.[1]).find(Boolean)
    return target ? [{ target, relations: (rel ?? '').toLowerCase().split(/\s+/) }] : []
  })
}

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
