/** nginx has these, the router's routes fit into them. A larger upload, a hook or a terminal gets a row of its own. */
export interface AdminLocation {
  /** All routes that begin so, but those of a longer row. */
  path: string
  /** Bytes. */
  largestBody: number
  webSockets: boolean
}

/** The router reads bodies whole: 64 kB, more than any form or call needs, is the memory that a client may take. */
export const adminLocations: readonly AdminLocation[] = [
  { path: '/', largestBody: 64 * 1024, webSockets: false },
  // GitHub's own of a pull request have 30 to 100 kB; one with a body of 65,536 characters has 300 kB.
  { path: '/hooks/', largestBody: 1024 * 1024, webSockets: false },
]
