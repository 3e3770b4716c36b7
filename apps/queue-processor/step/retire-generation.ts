/** Ends containers that a newer generation has replaced, or that were given up, without breaking open requests. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AT_ONCE, type Retiring } from '../../shared/preview/preview.ts'
import { nameOf } from '../containers/create-options.ts'
import { drainLeft, waitForConnections } from './drain.ts'
import { removeOldImages } from '../images/old-images.ts'
import type { Dependencies } from '../dependencies.ts'
import { tryStop } from './stop-preview.ts'

/** Runs beside the tag's other steps, which never touch a retired container. The reaper asks again after a failure. */
export function openRetireGeneration(deps: Dependencies): (tag: string, retired: Retiring[]) => void {
  const { store, engine, config, waits, log } = deps
  const underWay = new Set<string>()

  async function retire(tag: string): Promise<void> {
    for (;;) {
      const preview = store.get(tag)
      const retired = preview?.retiring.find((one) => one.since !== AT_ONCE)
      if (!retired) return
      await waitUntilUnused(tag, retired)
      await endContainer(tag, retired)
      if (!store.apply(tag, { type: 'left', generation: retired.number })) return
      log.info({ tag, generation: retired.number }, 'older container removed')
      await removeOldImages(deps, tag)
    }
  }

  /** As at a stop: first the drain, then the grace. */
  async function waitUntilUnused(tag: string, retired: Retiring): Promise<void> {
    // It never had a route.
    if (retired.since === 0) return
    const graceEnds = Date.now() + drainLeft(retired.since, waits) + waits.grace
    await sleep(drainLeft(retired.since, waits))
    await waitForConnections(deps, { tag, generation: retired }, graceEnds)
  }

  async function endContainer(tag: string, retired: Retiring): Promise<void> {
    const id = idOf(tag, retired)
    await tryStop(deps, tag, id)
    await engine.remove(id)
  }

  /** Kills a container that fills the disk; its layer and volumes go with it. */
  async function kill(tag: string, retired: Retiring): Promise<void> {
    const began = Date.now()
    const id = idOf(tag, retired)
    await engine.kill(id)
    const killed = Date.now() - began
    await engine.remove(id)
    store.apply(tag, { type: 'left', generation: retired.number })
    const ms = Date.now() - began
    log.warn({ tag, generation: retired.number, killed, ms }, 'container that filled the disk killed and removed')
    await removeOldImages(deps, tag)
  }

  /** By its name where the store does not know the container. */
  function idOf(tag: string, { number, container }: Retiring): string {
    return container ?? nameOf(config.instance, tag, number)
  }

  function once(key: string, tag: string, work: () => Promise<void>) {
    if (underWay.has(key)) return
    underWay.add(key)
    void work()
      .catch((error: unknown) =>
        log.warn({ tag, err: error }, 'a retired container could not be removed, the reaper will ask again'),
      )
      .finally(() => underWay.delete(key))
  }

  return (tag, retired) => {
    // Beside the ones that still serve requests: those may take a minute.
    for (const one of retired.filter(({ since }) => since === AT_ONCE))
      once(`${tag} ${one.number}`, tag, () => kill(tag, one))
    once(tag, tag, () => retire(tag))
  }
}
