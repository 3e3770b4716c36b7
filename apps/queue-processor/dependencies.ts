/** What the steps of this process work with, and how long they wait. */
import type { Config } from '../shared/config/config.ts'
import type { sampleConnections } from '../shared/slots/connections.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Lane, Nudges } from '../shared/queue.ts'
import type { Registry } from '../shared/registry/registry.ts'
import type { Store } from '../shared/store/store.ts'
import type { openDisk } from './images/disk-space.ts'
import type { Network } from './network/network.ts'

export interface Dependencies {
  config: Config
  store: Store
  engine: Engine
  network: Network
  nudges: Pick<Nudges, 'nudge' | 'sweep' | 'refresh'>
  registry: Pick<Registry, 'authFor' | 'digestOf' | 'has' | 'hasRepository' | 'layers' | 'pullable'>
  /** Room on the engine's disk. */
  disk: ReturnType<typeof openDisk>
  /** The connections that are open to previews. */
  connections: typeof sampleConnections
  waits: Waits
  log: Log
}

/** Milliseconds. */
export interface Waits {
  /** From the commit that took a route away until nobody can have a cached answer that names it. */
  drain: number
  /** How much longer an open request or connection may go on. */
  grace: number
  /** How long an application may answer with errors until that is taken to be its answer. */
  errors: number
  /** How long an application has to be seen to speak something else, or to listen elsewhere, until it is not waited for. */
  steady: number
  /** A pull without a byte for this long is given up. */
  stall: number
}

export const usualWaits: Waits = { drain: 10_000, grace: 30_000, errors: 10_000, steady: 3_000, stall: 60_000 }

/**
 * What became of a job: nothing more to do, or work that goes on beside the lane, which is free again meanwhile.
 * `again` asks for another look at the preview though its state is what it was, `sendOn` for one in another lane.
 */
export type Outcome = { beside?: Promise<Outcome>; again?: boolean; sendOn?: Lane } | undefined
