/**
 * Requests of real clients, as they go over the wire. How each was had is said where it stands.
 *
 * One test sends all of them to cold previews (cold-clients.test.ts). A client that is told apart wrongly belongs here.
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
