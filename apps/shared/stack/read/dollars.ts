/** Variables in a stack's text, `${LOTAN_TAG}`, and `$$` for a dollar. Pure. */

const VARIABLE = /\$\$|\$\{(LOTAN_TAG|LOTAN_HOST|LOTAN_URL|LOTAN_SECRET_[A-Z0-9][A-Z0-9_]{0,39})\}/g

/** Undefined for a text whose variables are all known. */
export function dollarProblem(text: string): string | undefined {
  const rest = text.replace(VARIABLE, '')
  const at = rest.indexOf('$')
  if (at < 0) return undefined
  const found = /^\$(\{[^}]{0,60}\}?|[A-Za-z0-9_]{0,60})/.exec(rest.slice(at))![0]
  return (
    `holds ${found}: there are \${LOTAN_SECRET_X}, with a name of your own for X, \${LOTAN_TAG}, \${LOTAN_HOST} ` +
    'and ${LOTAN_URL}; write $$ for a dollar'
  )
}

/** @param valueOf of `LOTAN_TAG` and others */
export function replaceDollars(text: string, valueOf: (name: string) => string): string {
  return text.replace(VARIABLE, (_found, name: string | undefined) => (name === undefined ? '$' : valueOf(name)))
}

export function variablesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)].flatMap(([, name]) => name ?? [])
}
