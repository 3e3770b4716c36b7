/**
 * The locations of the admin's host, which nginx has and the router's tables of routes fit into. A hook that takes larger
 * bodies, an upload or a terminal gets a row of its own.
 */
export interface AdminLocation {
  /** All routes whose path begins so, but those of a longer row. */
  path: string
  /** Bytes. */
  largestBody: number
  /** Whether requests may become WebSockets. */
  webSockets: boolean
}

/** The router reads bodies whole: 64 kB, more than any form or call needs, is what one client may have it keep in memory. */
export const adminLocations: readonly AdminLocation[] = [{ path: '/', largestBody: 64 * 1024, webSockets: false }]
