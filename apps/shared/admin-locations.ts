/** nginx has these, the router's routes fit into them. A larger upload, a hook or a terminal gets a row of its own. */
export interface AdminLocation {
  /** All routes that begin so, but those of a longer row. */
  path: string
  /** Bytes; 0: of any size. Such a body goes on as it comes. */
  largestBody: number
  webSockets: boolean
  /** Instead of all that begin so: those that match, a regular expression. It goes before all that have none. */
  matches?: string
}

export function isIn({ path, matches }: AdminLocation, route: string): boolean {
  return matches === undefined ? route.startsWith(path) : new RegExp(matches).test(route)
}

/** The router reads bodies whole: 64 kB, more than any form or call needs, is the memory that a client may take. */
export const adminLocations: readonly AdminLocation[] = [
  { path: '/', largestBody: 64 * 1024, webSockets: false },
  // GitHub's own of a pull request have 30 to 100 kB; one with a body of 65,536 characters has 300 kB.
  { path: '/hooks/', largestBody: 1024 * 1024, webSockets: false },
  // Uploads into previews.
  { path: '/api/', matches: '^/api/v1/(repositories/[^/]+/)?previews/[^/]+/files$', largestBody: 0, webSockets: false },
]
