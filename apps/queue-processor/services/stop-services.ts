/** How services end, and how they are frozen. Each may be done again after a crash at any point. */
import { EngineError, type ServiceContainer } from '../../shared/engine/engine.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import { isLeftOver, isUp } from '../../shared/stack/service-state.ts'
import type { Dependencies } from '../dependencies.ts'
import { setState } from './rows.ts'

/** Without a stack the engine is not asked. */
export function hasServices({ store }: Pick<Dependencies, 'store'>, id: PreviewId): boolean {
  return store.services.of(id).length > 0
}

/** In the reverse of their order, each with its own signal and grace; their containers stay. @throws EngineError */
export async function stopServices(deps: Dependencies, id: PreviewId): Promise<void> {
  if (!hasServices(deps, id)) return
  await stopContainers(deps, id, await deps.engine.listServices(id))
  for (const { name, state } of deps.store.services.of(id))
    setState(deps, id, name, state === 'failed' ? 'failed' : 'stopped', { crashes: 0, restartAt: null })
}

async function stopContainers({ engine, log }: Dependencies, id: PreviewId, all: ServiceContainer[]): Promise<void> {
  const running = all.filter((container) => container.running)
  const began = Date.now()
  const levels = [...new Set(running.map(({ level }) => level))].sort((a, b) => b - a)
  for (const level of levels) {
    const side = running.filter((container) => container.level === level)
    await Promise.all(side.map((container) => engine.stop(container.id, container.graceSeconds)))
  }
  if (running.length > 0)
    log.info(
      { ...logFields(id), services: running.map(({ service }) => service), ms: Date.now() - began },
      'services stopped',
    )
}

/** Their containers, their network and their rows go; their volumes stay. @throws EngineError */
export async function removeServices(deps: Dependencies, id: PreviewId, found?: ServiceContainer[]): Promise<void> {
  const { store, engine, stackNetworks } = deps
  const containers = found ?? (hasServices(deps, id) ? await engine.listServices(id) : [])
  await stopContainers(deps, id, containers)
  await Promise.all(containers.map((container) => engine.remove(container.id)))
  if (store.stackNetworks.of(id) !== undefined) await stackNetworks.remove(id)
  for (const { name } of store.services.of(id)) store.services.remove(id, name)
}

export async function pauseServices(deps: Dependencies, id: PreviewId): Promise<void> {
  if (!hasServices(deps, id)) return
  const running = (await deps.engine.listServices(id)).filter(({ status }) => status === 'running')
  await Promise.all(
    running.map(async ({ id: container, service }) => {
      await deps.engine.pause(container).catch(unlessEnded)
      setState(deps, id, service, 'paused')
    }),
  )
}

/** @returns whether all that should run do */
export async function wakeServices(deps: Dependencies, id: PreviewId): Promise<boolean> {
  if (!hasServices(deps, id)) return true
  const containers = await deps.engine.listServices(id)
  const woken = await Promise.all(
    containers
      .filter(({ status }) => status === 'paused')
      .map(async ({ id: container, service }) => {
        if (!(await deps.engine.unpause(container))) return false
        setState(deps, id, service, 'running')
        return true
      }),
  )
  return woken.every(Boolean) && deps.store.services.of(id).every(({ state }) => state !== 'paused')
}

/** It ended a moment ago. */
function unlessEnded(error: unknown): void {
  if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
}

/** Makes services what their preview is, where another program or a crash has left them otherwise. @throws EngineError */
export async function settleServices(deps: Dependencies, id: PreviewId, found: ServiceContainer[]): Promise<void> {
  const preview = deps.store.get(id)
  if (found.length === 0 && !hasServices(deps, id) && deps.store.stackNetworks.of(id) === undefined) return
  const hasNothing = preview !== undefined && !preview.image && !('generation' in preview && preview.generation)
  switch (preview?.state) {
    case undefined:
      return removeServices(deps, id, found)
    case 'failed':
    case 'stopped':
      if (hasNothing) return removeServices(deps, id, found)
      await removeLeftOver(deps, id, found)
      return stopServices(deps, id)
    case 'paused':
      if (preview.phase !== 'frozen') return
      await removeLeftOver(deps, id, found)
      return pauseServices(deps, id)
    case 'running': {
      const known = new Set(deps.store.services.of(id).map(({ name }) => name))
      const strays = found.filter(({ service }) => !known.has(service))
      await Promise.all(strays.map(({ id }) => deps.engine.remove(id)))
    }
  }
}

/** The engine went away in the middle of a restart, say. One that runs may hold data that it has not written: it is stopped first. */
async function removeLeftOver(deps: Dependencies, id: PreviewId, found: ServiceContainer[]): Promise<void> {
  const rows = deps.store.services.of(id)
  const left = found.filter((container) => isLeftOver(container, rows))
  await stopContainers(deps, id, left)
  await Promise.all(left.map((container) => deps.engine.remove(container.id)))
}

/** Whether some of its services run, or wait to run again. */
export function hasServicesUp({ store }: Pick<Dependencies, 'store'>, id: PreviewId): boolean {
  return store.services.of(id).some((row) => isUp(row) || row.state === 'paused')
}
