/** The queue-processor: the only process that changes containers and images. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../shared/config/config.ts'
import { sampleConnections } from '../shared/slots/connections.ts'
import { openEngine } from '../shared/engine/engine.ts'
import { openLog } from '../shared/log.ts'
import { openQueue, openWorkers } from '../shared/queue.ts'
import { openRegistry } from '../shared/registry/registry.ts'
import { wantsNewer } from '../shared/preview/image-update.ts'
import { isOnItsWay } from '../shared/preview/preview.ts'
import { openOwnStore } from '../shared/store/own-store.ts'
import { openHandler } from './worker.ts'
import { openDisk } from './images/disk-space.ts'
import { openFirewall } from './network/firewall.ts'
import { openNetwork } from './network/network.ts'
import { defaultWaits } from './dependencies.ts'
import { watchBombs } from './containers/watch-fork-bombs.ts'

/** The engine saturates at 2 to 4 starts at once. A pull mostly waits for the registry, a stop for the application. */
const widths = { lookup: 4, prepull: 1, update: 2, pull: 3, start: 3, wake: 10, stop: 10 }

const config = readConfig()
const log = openLog('queue-processor')
const store = openOwnStore(config, log)
const engine = openEngine(config)
const network = openNetwork({ engine, store, firewall: openFirewall({ engine, config, log }), config, log })
const nudges = openQueue(config, log)
const registry = openRegistry(config)
const shutdown = new AbortController()
const closables: { close(): Promise<void> }[] = [nudges]

process.once('SIGTERM', () => {
  shutdown.abort()
  // Containers keep running. The next start resumes unfinished work from the database.
  void Promise.all(closables.map((closable) => closable.close())).finally(() => process.exit(0))
  setTimeout(() => process.exit(0), 800).unref()
})

const baseDeps = {
  config,
  store,
  engine,
  network,
  nudges,
  registry,
  connections: sampleConnections,
  waits: { ...defaultWaits, grace: config.grace },
  log,
}
const deps = { ...baseDeps, disk: openDisk(baseDeps) }
void network.keep(shutdown.signal)
void watchBombs(baseDeps, shutdown.signal)
await emptyQueues()
closables.push(openWorkers(config, widths, openHandler(deps), log))
const due = store.list().filter(isOnItsWay)
for (const preview of due) await nudges.nudge(preview)
for (const preview of store.list()) if (wantsNewer(preview)) await nudges.refresh(preview)
log.info({ repository: config.repository, instance: config.instance, due: due.length }, 'queue-processor is ready')

/** The database says what is due; jobs of an earlier process would only be in the way. */
async function emptyQueues() {
  for (let tries = 0; !shutdown.signal.aborted; tries++) {
    try {
      return await nudges.clear()
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'Redis is not ready, trying again')
    }
    await sleep(Math.min(100 * 2 ** tries, 2_000) * (0.75 + Math.random() / 2))
  }
}
