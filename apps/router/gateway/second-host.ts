/** What a request for a second host finds: the service of its preview's stack that it is for. Pure. */
import { wantsNewer } from '../../shared/preview/image-update.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { SlotKind } from '../../shared/slots/slots.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { ReadStack } from '../../shared/stack/stack.ts'

/** It runs, and has a place of its own. */
export type UpService = ServiceRow & { slot: number; port: number; container: string }

/**
 * `later`: its preview does not run, and may have one. `down`: its preview runs, and it does not. `none`: no preview has
 * second hosts `here`, or the `stack` has none of that name.
 */
export type AskedService =
  { is: 'later' } | { is: 'none'; where: 'here' | 'stack' } | { is: 'down' } | { is: 'up'; service: UpService }

export interface ServiceFacts {
  preview: Preview | undefined
  /** That of its image; undefined without an image. */
  stack: ReadStack | null | undefined
  row: ServiceRow | undefined
  slotKind: SlotKind | undefined
  /** Whether its container was found gone, and its row does not say so yet. */
  isLost: (row: ServiceRow) => boolean
}

export function askedService(name: string, { preview, stack, row, slotKind, isLost }: ServiceFacts): AskedService {
  if (slotKind === 'port') return { is: 'none', where: 'here' }
  if (preview?.state === 'running' && row && hasPlace(row))
    return row.state === 'running' && !isLost(row) ? { is: 'up', service: row } : { is: 'down' }
  const isRunning = preview?.state === 'running'
  if (!preview || stack === undefined || (!isRunning && wantsNewer(preview))) return { is: 'later' }
  // The start fails, and its page says why.
  if (stack !== null && 'problems' in stack) return isRunning ? { is: 'none', where: 'stack' } : { is: 'later' }
  const service = stack?.stack.services.find((service) => service.name === name)
  if (!service?.host) return { is: 'none', where: 'stack' }
  return isRunning ? { is: 'down' } : { is: 'later' }
}

function hasPlace(row: ServiceRow): row is UpService {
  return row.slot !== null && row.port !== null && row.container !== null
}
