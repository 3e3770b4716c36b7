/** A wake takes 12 ms, where a start takes 160 ms or more. */
import { EngineError } from '../../shared/engine/engine.ts'
import type { In } from '../../shared/preview/preview.ts'
import { waitForDrain } from './drain.ts'
import { pauseServices, wakeServices } from '../services/stop-services.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'

export async function pausePreview(deps: Dependencies, preview: In<'paused'>): Promise<Outcome> {
  return { background: freeze(deps, preview) }
}

async function freeze(deps: Dependencies, preview: In<'paused'>): Promise<Outcome> {
  const { store, engine, log } = deps
  const { generation } = preview
  const id = idOf(preview)
  const usage = await waitForDrain(deps, preview)
  if (!usage) return undefined
  // A connection to a frozen container succeeds, and hangs.
  if (usage.used || usage.open) return void store.apply(id, { type: 'inUse' })
  // Committed before the freeze: a click from here on waits for the wake.
  if (!store.apply(id, { type: 'freeze', generation: generation.number })) return undefined
  const began = Date.now()
  try {
    await engine.pause(generation.container)
  } catch (error) {
    // The preview returns to running; the reaper finds out what is wrong with its container.
    store.apply(id, { type: 'woken', generation: generation.number, unfit: true })
    throw error
  }
  log.info({ ...logFields(id), generation: generation.number, ms: Date.now() - began }, 'container frozen')
  await pauseServices(deps, id)
  return undefined
}

export async function wakePreview(deps: Dependencies, preview: In<'paused'>): Promise<Outcome> {
  const { store, engine, nudges, log } = deps
  const { generation } = preview
  const id = idOf(preview)
  const { number, container } = generation
  const began = Date.now()
  const areAwake = await wakeServices(deps, id)
  const isAwake = await engine.unpause(container).catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
    log.warn({ ...logFields(id), error: error.message }, 'container cannot be woken')
    return false
  })
  if (isAwake) {
    store.apply(id, { type: 'woken', generation: number })
    if (!areAwake) await nudges.tend(id)
    log.info({ ...logFields(id), generation: number, ms: Date.now() - began }, 'container woken')
    return undefined
  }
  const found = await engine.inspect(container)
  if (found?.status === 'running') store.apply(id, { type: 'woken', generation: number })
  else if (found?.running) store.apply(id, { type: 'restart' })
  else {
    const detail = found ? `exit status ${found.exitCode}` : 'another program removed the container'
    store.apply(id, { type: 'exited', generation: number, gone: !found, reason: { code: 'exited', detail } })
  }
  return undefined
}
