/** Ends the containers that a newer one took over from, or that were given up: nobody sees them go. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AT_ONCE, type Leaving } from '../../shared/preview/preview.ts'
import { nameOf } from '../containers/create-options.ts'
import { drainLeft, untilFinished } from './drain.ts'
import { removeOldImages } from '../images/old-images.ts'
import type { Dependencies } from '../dependencies.ts'
import { stopIfItCan } from './stop-preview.ts'

/**
 * Makes what sees them off. It goes on beside everything else that is done for the same tag: nobody else touches a
 * container that is leaving. What fails is asked for again by the reaper.
 */
export function openRetireGeneration(parts: Dependencies): (tag: string, leaving: Leaving[]) => void {
  const { store, engine, config, waits, log } = parts
  const underWay = new Set<string>()

  async function seeOff(tag: string): Promise<void> {
    for (;;) {
      const preview = store.get(tag)
      const leaving = preview?.leaving.find((one) => one.since !== AT_ONCE)
      if (!leaving) return
      await untilUnused(tag, leaving)
      await end(tag, leaving)
      if (!store.apply(tag, { type: 'left', generation: leaving.number })) return
      log.info({ tag, generation: leaving.number }, 'older container removed')
      await removeOldImages(parts, tag)
    }
  }

  /** As at a stop: until no cached answer can name its route, and then for as long as its grace lasts. */
  async function untilUnused(tag: string, leaving: Leaving): Promise<void> {
    // It never had a route.
    if (leaving.since === 0) return
    const graceEnds = Date.now() + drainLeft(leaving.since, waits) + waits.grace
    await sleep(drainLeft(leaving.since, waits))
    await untilFinished(parts, { tag, generation: leaving }, graceEnds)
  }

  async function end(tag: string, leaving: Leaving): Promise<void> {
    const id = idOf(tag, leaving)
    await stopIfItCan(parts, tag, id)
    await engine.remove(id)
  }

  /** Kills what fills the disk. What it wrote goes with its container: its layer and its volumes. */
  async function kill(tag: string, leaving: Leaving): Promise<void> {
    const began = Date.now()
    const id = idOf(tag, leaving)
    await engine.kill(id)
    const killed = Date.now() - began
    await engine.remove(id)
    store.apply(tag, { type: 'left', generation: leaving.number })
    const ms = Date.now() - began
    log.warn({ tag, generation: leaving.number, killed, ms }, 'container that filled the disk killed and removed')
    await removeOldImages(parts, tag)
  }

  /** Whether the store was ever told of its container or not: its name is known. */
  function idOf(tag: string, { number, container }: Leaving): string {
    return container ?? nameOf(config.instance, tag, number)
  }

  function once(key: string, tag: string, work: () => Promise<void>) {
    if (underWay.has(key)) return
    underWay.add(key)
    void work()
      .catch((error: unknown) => log.warn({ tag, err: error }, 'a container that is to go could not be ended'))
      .finally(() => underWay.delete(key))
  }

  return (tag, leaving) => {
    // Beside those that others are still served by: these may take a minute.
    for (const one of leaving.filter(({ since }) => since === AT_ONCE))
      once(`${tag} ${one.number}`, tag, () => kill(tag, one))
    once(tag, tag, () => seeOff(tag))
  }
}
