/** What is known of one service of a preview. Pure. */
import type { PreviewKey } from '../preview/preview-id.ts'
import type { Reason } from '../preview/failure-reason.ts'

/**
 * `waiting`: for its image, or for what it depends on. `starting`: its container runs, and is not healthy yet.
 * `done`: a one-shot that ended with 0. `restarting`: it has ended, and is started again at `restartAt`. `failed`: its
 * preview did not come up for it.
 */
export const serviceStates = [
  'waiting',
  'starting',
  'running',
  'done',
  'restarting',
  'paused',
  'stopped',
  'failed',
] as const
export type ServiceState = (typeof serviceStates)[number]

/** Times are milliseconds since 1970. */
export interface ServiceRow extends PreviewKey {
  name: string
  /** Its place in its stack, from 0. */
  place: number
  state: ServiceState
  since: number
  /** As the stack names it. */
  image: string
  /** The engine's id of that image; null until it is here. */
  imageId: string | null
  digest: string | null
  container: string | null
  /** A digest of what its container was made with. */
  spec: string | null
  /** Where it has a second host: its address, the port inside, and the host's label. */
  slot: number | null
  port: number | null
  label: string | null
  /** Ends in a row that Lotan did not ask for. */
  crashes: number
  restartAt: number | null
  reason: Reason | null
}

/** Whether its container should be running while its preview is. */
export function isUp({ state }: Pick<ServiceRow, 'state'>): boolean {
  return state === 'starting' || state === 'running' || state === 'restarting'
}

/** The container that takes memory now; null where none does. */
export function containerInUse({ state, container }: Pick<ServiceRow, 'state' | 'container'>): string | null {
  return state === 'starting' || state === 'running' || state === 'paused' ? container : null
}

/**
 * Whether a container is left over: its service has another one, or its preview has no such service. After a lost
 * database no row knows any of them, and none is left over.
 */
export function isLeftOver(
  { id, service }: { id: string; service: string },
  rows: readonly Pick<ServiceRow, 'name' | 'container'>[],
): boolean {
  if (rows.length === 0) return false
  const row = rows.find(({ name }) => name === service)
  return row === undefined || (row.container !== null && row.container !== id)
}
