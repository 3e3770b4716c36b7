import type { Config } from '../shared/config/config.ts'
import type { sampleConnections } from '../shared/slots/connections.ts'
import type { Engine } from '../shared/engine/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Nudges } from '../shared/queue.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'
import type { RegistryAt } from '../shared/registry/registries.ts'
import type { Registry } from '../shared/registry/registry.ts'
import type { Store } from '../shared/store/store.ts'
import type { FindPairs } from './containers/find-pairs.ts'
import type { Volumes } from './data/volumes.ts'
import type { openDisk } from './images/disk-space.ts'
import type { Network } from './network/network.ts'
import type { StackNetworks } from './network/stack-networks.ts'
import type { CameUp } from './services/came-up.ts'
import type { Sandboxes } from './sandboxes/open-sandboxes.ts'

export interface Dependencies {
  config: Config
  store: Store
  engine: Engine
  network: Network
  stackNetworks: StackNetworks
  sandboxes: Pick<Sandboxes, 'nudge' | 'during' | 'settled' | 'wake' | 'writeHosts'>
  nudges: Pick<Nudges, 'nudge' | 'sweep' | 'tend' | 'refresh' | 'data'>
  registryOf: (
    id: PreviewId,
  ) => Pick<Registry, 'authFor' | 'digestOf' | 'has' | 'hasRepository' | 'labels' | 'layers' | 'pullable'>
  registryAt: (
    ...given: Parameters<RegistryAt>
  ) => Pick<Registry, 'authFor' | 'digestOf' | 'hasRepository' | 'layers' | 'pullable'>
  findPairs: FindPairs
  disk: ReturnType<typeof openDisk>
  volumes: Volumes
  cameUp: CameUp
  connections: typeof sampleConnections
  waits: Waits
  log: Log
}

/** Milliseconds. */
export interface Waits {
  /** From the commit that removed a route until no cached answer can name it. */
  drain: number
  /** The longest that open connections may continue after the drain. */
  grace: number
  errors: number
  steady: number
  /** How long what answers no requests must have run until it is up. */
  run: number
  /** How long an application listens on other ports only until that is told, and until it has failed by it. */
  elsewhere: { told: number; certain: number }
  /** How long a pull may get no byte. */
  stall: number
}

export const defaultWaits: Waits = {
  drain: 10_000,
  grace: 30_000,
  errors: 10_000,
  steady: 3_000,
  run: 1_000,
  elsewhere: { told: 3_000, certain: 30_000 },
  stall: 60_000,
}

/** `background` continues without its lane; `again`: the same step has to be taken once more. */
export type Outcome = { background?: Promise<Outcome>; again?: true } | undefined
