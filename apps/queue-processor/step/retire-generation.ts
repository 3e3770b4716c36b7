import { setTimeout as sleep } from 'node:timers/promises'
import { AT_ONCE, type Retiring } from '../../shared/preview/generation.ts'
import { containerName } from '../../shared/slots/container-name.ts'
import { drainLeft, waitForConnections } from './drain.ts'
import { removeOldImages } from '../images/old-images.ts'
import type { Dependencies } from '../dependencies.ts'
import { graceOf, tryStop } from './stop-preview.ts'
import { logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/** Runs beside the preview's other steps, which never touch a retired container. The reaper asks again after a failure. */
export function openRetireGeneration(deps: Dependencies): (id: PreviewId, retired: Retiring[]) => void {
  const { store, engine, config, waits, log } = deps
  const underWay = new Set<string>()

  async function retire(id: PreviewId): Promise<void> {
    for (;;) {
      const preview = store.get(id)
      const retired = preview?.retiring.find((one) => one.since !== AT_ONCE)
      if (!retired) return
      await waitUntilUnused(id, retired)
      await endContainer(id, retired)
      if (!store.apply(id, { type: 'left', generation: retired.number })) return
      log.info({ ...logFields(id), generation: retired.number }, 'older container removed')
      await removeOldImages(deps, id)
    }
  }

  async function waitUntilUnused(id: PreviewId, retired: Retiring): Promise<void> {
    // It never had a route.
    if (retired.since === 0) return
    const graceEnds = Date.now() + drainLeft(retired.since, waits) + waits.grace
    await sleep(drainLeft(retired.since, waits))
    await waitForConnections(deps, { ...splitId(id), generation: retired }, graceEnds)
  }

  async function endContainer(id: PreviewId, retired: Retiring): Promise<void> {
    const container = containerOf(id, retired)
    await tryStop(deps, id, container, graceOf(deps, id, store.get(id)?.image ?? null))
    await engine.remove(container)
  }

  /** Kills a container that fills the disk; its layer and volumes go with it. */
  async function kill(id: PreviewId, retired: Retiring): Promise<void> {
    const began = Date.now()
    const container = containerOf(id, retired)
    await engine.kill(container)
    const killed = Date.now() - began
    await engine.remove(container)
    store.apply(id, { type: 'left', generation: retired.number })
    const ms = Date.now() - began
    log.warn(
      { ...logFields(id), generation: retired.number, killed, ms },
      'container that filled the disk killed and removed',
    )
    await removeOldImages(deps, id)
  }

  /** By its name where the store does not know the container. */
  function containerOf(id: PreviewId, { number, container }: Retiring): string {
    return container ?? containerName(config.instance, id, number)
  }

  function once(key: string, id: PreviewId, work: () => Promise<void>) {
    if (underWay.has(key)) return
    underWay.add(key)
    void work()
      .catch((error: unknown) =>
        log.warn(
          { ...logFields(id), err: error },
          'a retired container could not be removed, the reaper will ask again',
        ),
      )
      .finally(() => underWay.delete(key))
  }

  return (id, retired) => {
    // Beside the ones that still serve requests: those may take a minute.
    for (const one of retired.filter(({ since }) => since === AT_ONCE))
      once(`${id} ${one.number}`, id, () => kill(id, one))
    once(id, id, () => retire(id))
  }
}
