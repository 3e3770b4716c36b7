import type { Config } from '../shared/config/config.ts'
import type { Container, ServiceContainer } from '../shared/engine/engine.ts'
import { slotSchemeIn } from '../shared/slots/slot-scheme.ts'
import type { Store } from '../shared/store/store.ts'
import type { openApplyPlan } from './apply-plan.ts'
import { plan, type Facts } from './plan.ts'
import type { watchConnections } from './watch/connections.ts'

export interface Dependencies {
  config: Facts['config'] & Pick<Config, 'maxRunning'>
  store: Pick<Store, 'places' | 'facts' | 'list' | 'lastGeneration' | 'barred' | 'services'>
  reap: Pick<ReturnType<typeof openApplyPlan>, 'applyAll'>
  connections: Pick<ReturnType<typeof watchConnections>, 'isOpen' | 'knownUntil'>
  /** Whether the clock was stepped a moment ago. */
  wasStepped: () => boolean
}

export function openPass({ config, store, reap, connections, wasStepped }: Dependencies) {
  /**
   * Plans what is due, and carries it out.
   * @param containers null to leave them out @param listedAt when they were listed: rows are read after them, and a row
   * that is ahead is worked on
   * @returns whether every route was checked
   */
  return async function pass(
    containers: Container[] | null,
    listedAt = 0,
    services: ServiceContainer[] = [],
  ): Promise<boolean> {
    const freePlaces = config.maxRunning - store.places()
    const slotScheme = slotSchemeIn(store.facts)
    const previews = store.list()
    // After the rows, or a newer row would lie in the future.
    const now = Date.now()
    const facts = {
      previews,
      containers,
      services: containers && { rows: store.services.list(), containers: services },
      listedAt,
      slotScheme,
      isOpen: connections.isOpen,
      // After a step every preview looks idle, or used, until the next visit is noted.
      knownUntil: wasStepped() ? -Infinity : connections.knownUntil(),
      freePlaces,
      barred: store.barred(previews, now),
      lastGeneration: store.lastGeneration,
      config,
    }
    return (await reap.applyAll(plan(facts, now), now)) && slotScheme !== undefined
  }
}
