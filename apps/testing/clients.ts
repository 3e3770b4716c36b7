/**
 * Requests of real clients, as they go over the wire. How each was had is said where it stands.
 *
 * One test sends all of them to cold previews (cold-clients.test.ts). A client that is told apart wrongly belongs here.
 */
import { chrome } from './clients/chrome.ts'
import { firefox } from './clients/firefox.ts'
import { monitors } from './clients/monitors.ts'
import { programs } from './clients/programs.ts'
import { robots } from './clients/robots.ts'
import { safari } from './clients/safari.ts'
import type { Client } from './clients/client.ts'

export { bytesOf } from './clients/client.ts'
export type { Client } from './clients/client.ts'

export const clients: Client[] = [...chrome, ...firefox, ...safari, ...programs, ...robots, ...monitors]
