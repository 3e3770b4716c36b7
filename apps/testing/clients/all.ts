/**
 * Requests of real clients as they go over the wire; each file says how they were recorded. cold-clients.test.ts sends
 * them all to cold previews. A client that Lotan takes for another kind belongs here.
 */
import { chrome } from './chrome.ts'
import { firefox } from './firefox.ts'
import { monitors } from './monitors.ts'
import { programs } from './programs.ts'
import { robots } from './robots.ts'
import { safari } from './safari.ts'
import type { Client } from './client.ts'

export { bytesOf } from './client.ts'
export type { Client } from './client.ts'

export const clients: Client[] = [...chrome, ...firefox, ...safari, ...programs, ...robots, ...monitors]
