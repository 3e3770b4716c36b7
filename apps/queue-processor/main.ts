/** The queue-processor: the only process that changes containers and images. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openApp } from '../shared/app.ts'
import { titleOf } from '../shared/repository.ts'
import { sampleConnections } from '../shared/slots/connections.ts'
import { openEngine } from '../shared/engine/engine.ts'
import { openWorkers } from '../shared/queue.ts'
import { openRegistries, openRegistriesAt } from '../shared/registry/registries.ts'
import { wantsNewer } from '../shared/preview/image-update.ts'
import { isOnItsWay } from '../shared/preview/preview.ts'
import { openHandler } from './worker.ts'
import { allWidths, openRegistryLanes } from './registry-lanes.ts'
import { keepCopies } from './copies/keep-copies.ts'
import { keepVolumes } from './data/keep-volumes.ts'
import { openVolumes } from './data/volumes.ts'
import { openDisk } from './images/disk-space.ts'
import { removeServiceImagesBeside } from './images/remove-service-images.ts'
import { openFirewall } from './network/firewall.ts'
import { openCameUp } from './services/came-up.ts'
import { openSandboxes } from './sandboxes/open-sandboxes.ts'
import { openNetwork } from './network/network.ts'
import { openStackNetworks } from './network/stack-networks.ts'
import { defaultWaits } from './dependencies.ts'
import { openFindPairs } from './containers/find-pairs.ts'
import { watchBombs } from './containers/watch-fork-bombs.ts'

/** The engine saturates at 2 to 4 starts at once. A pull mostly waits for the registry, a stop for the application. */
const widths = { lookup: 4, prepull: 1, update: 2, batch: 3, pull: 3, start: 3, wake: 10, stop: 10 }

const app = openApp('queue-processor')
const { config, log, store, nudges, signal } = app
const engine = openEngine(config)
const network = openNetwork({ engine, store, firewall: openFirewall({ engine, config, log }), config, log })
const registryOf = openRegistries(config)
const registryAt = openRegistriesAt(config)
const waits = { ...defaultWaits, grace: config.grace }
const sandboxes = openSandboxes({ engine, store, network, config, log })
const findPairs = openFindPairs({ config, store, engine, registryOf, log })
const stackNetworks = openStackNetworks({ engine, store, config, log })
const tools = {
  config,
  store,
  engine,
  network,
  stackNetworks,
  sandboxes,
  nudges,
  registryOf,
  registryAt,
  findPairs,
  cameUp: openCameUp(),
  connections: sampleConnections,
  waits,
  log,
}
const volumes = openVolumes(tools)
const dependencies = { ...tools, disk: openDisk(tools), volumes }
void network.keep(signal)
void stackNetworks.keep(signal)
void sandboxes.keep(signal)
void watchBombs(tools, signal)
void keepVolumes({ ...tools, volumes }, signal)
await emptyQueues()
void keepCopies(dependencies, signal)
const handle = openRegistryLanes(widths, openHandler(dependencies), log)
const workers = openWorkers(config, allWidths(widths, config.repositories.length), handle, log)
app.atEnd(() => workers.close())
removeServiceImagesBeside(tools)
const due = store.list().filter(isOnItsWay)
for (const preview of due) await nudges.nudge(preview)
for (const preview of store.list()) if (wantsNewer(preview)) await nudges.refresh(preview)
log.info(
  { repositories: config.repositories.map(titleOf), instance: config.instance, due: due.length },
  'queue-processor is ready',
)

/** The database says what is due; jobs of an earlier process would only be in the way. */
async function emptyQueues() {
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      return await nudges.clear()
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'Redis is not ready, trying again')
    }
    await sleep(Math.min(100 * 2 ** tries, 2_000) * (0.75 + Math.random() / 2))
  }
}
