import type nodeHttp from 'node:http'

/**
 * Node's `node:http`. An import of it by that name takes each process 75 ms of a processor more, a quarter of a start:
 * Node then looks at all that it exports, and for WebSocket among that it loads a whole HTTP client.
 */
export const http: typeof nodeHttp = process.getBuiltinModule('node:http')
