/** Ends containers that a newer generation has replaced, or that were given up, without breaking open requests. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AT_ONCE, type Leaving } from '../../shared/preview/preview.ts'
import { nameOf } from '../containers/create-options.ts'
import { drainLeft, untilFinished } from './drain.ts'
import { removeOldImages } from '../images/old-images.ts'
import type { Dependencies } from '../dependencies.ts'
import { stopIfItCan } from './stop-preview.ts'

/** Runs beside the tag's other steps, which never touch a retired container. The reaper asks again after a failure. */
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

  /** As at a stop: first the drain, then the grace. */
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

  /** Kills a container that fills the disk; its layer and volumes go with it. */
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

  /** By its name where the store does not know the container. */
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
    // Beside the ones that still serve requests: those may take a minute.
    for (const one of leaving.filter(({ since }) => since === AT_ONCE))
      once(`${tag} ${one.number}`, tag, () => kill(tag, one))
    once(tag, tag, () => seeOff(tag))
  }
}
