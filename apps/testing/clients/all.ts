/**
 * Requests of real clients, as they go over the wire: the files in `requests/`, each of which says how it was had.
 *
 * One test sends all of them to cold previews (cold-clients.test.ts). A client that is told apart wrongly belongs there.
 */
import fs from 'node:fs'
import path from 'node:path'
import { requests, type Client } from './client.ts'

export { bytesOf } from './client.ts'
export type { Client } from './client.ts'

const dir = path.join(import.meta.dirname, 'requests')

export const clients: Client[] = ['chrome', 'firefox', 'safari', 'programs', 'robots', 'monitors'].flatMap((name) =>
  requests(fs.readFileSync(path.join(dir, `${name}.http`), 'utf8')),
)
