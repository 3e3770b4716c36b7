/** What routes of a forge take. A forge leaves all else out without a word, so that a misspelt name looks as if it worked. */
import type { Asked } from './server.ts'

export interface Route {
  query?: readonly string[]
  /** Fields of the JSON; one that ends with `!` has to be there. */
  body?: readonly string[]
}

/** @param routes by method and path: `GET pulls/N`, `POST statuses/SHA` */
export function unknownIn(
  routes: Record<string, Route>,
  { method, query, body }: Asked,
  path: readonly string[],
): string[] {
  const name = path.map((part) => (/^\d+$/.test(part) ? 'N' : /^[0-9a-f]{7,64}$/.test(part) ? 'SHA' : part)).join('/')
  const what = `${method} ${path.join('/')}`
  const route = routes[`${method} ${name}`]
  if (!route) return [`${what}: there is no such route`]
  const given = Object.keys(fieldsOf(body))
  const fields = (route.body ?? []).map((field) => ({ name: field.replace('!', ''), isNeeded: field.endsWith('!') }))
  return [
    ...[...query.keys()].filter((key) => !route.query?.includes(key)).map((key) => `${what}: takes no ?${key}`),
    ...given.filter((key) => !fields.some((field) => field.name === key)).map((key) => `${what}: takes no ${key}`),
    ...fields
      .filter((field) => field.isNeeded && !given.includes(field.name))
      .map((field) => `${what}: no ${field.name}`),
  ]
}

export function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}
