/** After a lost database: the containers of a preview's services are known again, and those that run go on. */
import type { ServiceContainer } from '../../shared/engine/engine.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Stack } from '../../shared/stack/stack.ts'
import type { Dependencies } from '../dependencies.ts'
import { awaited } from './coming-up.ts'
import { writeRows } from './rows.ts'
import { joinMain } from './second-host.ts'
import { imageOf } from './start-service.ts'

/** @param containers of its services, the newest of each @throws EngineError */
export async function adoptServices(
  deps: Dependencies,
  id: PreviewId,
  stack: Stack,
  containers: ReadonlyMap<string, ServiceContainer>,
): Promise<void> {
  const { store, log } = deps
  writeRows(deps, id, stack)
  for (const service of stack.services) {
    const { name } = service
    const found = containers.get(name)
    const isOver = found?.status === 'exited' && awaited(stack, name) === 'service_completed_successfully'
    // One that has ended is started again, once its time has come.
    const state = isOver ? 'done' : found?.running ? 'running' : 'restarting'
    const made = found && { container: found.id, spec: found.spec, imageId: found.image }
    store.services.change(id, name, { ...made, state, since: Date.now(), restartAt: state === 'restarting' ? Date.now() : null }) // prettier-ignore
    // Its address is the one that it has, where that is free.
    if (found?.running) await joinMain(deps, { id, service, image: await imageOf(deps, id, service) }, found.id)
  }
  log.info({ ...logFields(id), services: [...containers.keys()] }, 'services are known again')
}
