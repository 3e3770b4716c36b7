/** nginx has these, the router's routes fit into them. A larger upload, a hook or a terminal gets a row of its own. */
export interface AdminLocation {
  /** All routes that begin so, but those of a longer row. */
  path: string
  /** Bytes. */
  largestBody: number
  webSockets: boolean
}

/** The router reads bodies whole: 64 kB, more than any form or call needs, is the memory that a client may take. */
export const adminLocations: readonly AdminLocation[] = [{ path: '/', largestBody: 64 * 1024, webSockets: false }]
