/** Where a service with a second host is reached: an address of its own in the network of previews. */
import { EngineError, type ImageRun } from '../../shared/engine/engine.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { addressOf } from '../../shared/slots/slots.ts'
import type { Service } from '../../shared/stack/stack.ts'
import { labelOf } from '../../shared/tag.ts'
import type { Dependencies } from '../dependencies.ts'

/** As with a preview's own image: the port that nothing tells. */
const USUAL_PORT = 80

interface Placed {
  id: PreviewId
  service: Service
  image: Pick<ImageRun, 'ports'>
}

/** Starts a container at its address, of which the engine may have something else. @throws EngineError */
export async function startAtPlace(deps: Dependencies, placed: Placed, container: string): Promise<void> {
  await joinMain(deps, placed, container)
  try {
    await deps.engine.start(container)
  } catch (error) {
    if (!placed.service.host || !(error instanceof EngineError) || error.code !== 'occupied') throw error
    await joinMain(deps, placed, container, { anew: true })
    await deps.engine.start(container)
  }
}

/** Where it has a second host, or may call out. A container that is there already stays. @throws EngineError */
export async function joinMain(
  deps: Dependencies,
  { id, service, image }: Placed,
  container: string,
  { anew = false } = {},
): Promise<void> {
  const { store, config, network, stackNetworks } = deps
  const { name, egress } = service
  const scheme = await network.slotScheme()
  if (!service.host || scheme.kind === 'port') {
    if (store.services.get(id, name)?.label != null)
      store.services.change(id, name, { slot: null, port: null, label: null })
    if (egress) await stackNetworks.connectMain(container, null)
    return
  }
  const slot = store.services.takeSlot(id, name, { egress, anew })
  if (slot === undefined)
    throw new EngineError('start-failed', 'all addresses of services with a second host are taken')
  store.services.change(id, name, { port: portOf(service, image), label: labelOf(id, config, name) })
  await stackNetworks.connectMain(container, addressOf(scheme.subnet, slot))
}

/** The stack's, else the image's only one. */
export function portOf({ host }: Pick<Service, 'host'>, { ports }: Pick<ImageRun, 'ports'>): number {
  return host?.port ?? (ports.length === 1 ? ports[0]! : USUAL_PORT)
}
