/** Starts a container: the one that a preview has kept, or a new one. */
import { EngineError } from '../../shared/engine/engine.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import type { Generation } from '../../shared/preview/generation.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { createNamed } from '../containers/create-named.ts'
import type { ContainerPlan } from '../containers/create-options.ts'
import type { Dependencies } from '../dependencies.ts'
import { joinStack } from '../services/join-stack.ts'
import { isStillPending, type Pending } from './pending.ts'

/** Keeps its files. @returns undefined where it cannot be used (it is removed then), or the start was cancelled */
export async function startKept(
  deps: Dependencies,
  pending: Pending,
  id: string,
  plan: ContainerPlan,
  hostPort: HostPort,
): Promise<string | undefined> {
  const { engine, log } = deps
  const found = await engine.inspect(id)
  if (!found) return undefined
  const isAtAddress = hostPort.address === null || found.address === hostPort.address
  const { sandbox } = pending.generation
  const fits =
    (found.sandbox?.number ?? null) === sandbox &&
    found.labels['lotan.spec'] === plan.spec &&
    found.published === hostPort.published &&
    ['created', 'exited', 'running'].includes(found.status)
  const isReached = isAtAddress && found.sandbox?.running !== false
  if (fits && found.running && isReached) return id
  // It ran and has ended: `awaitAnswer` finds out how.
  if (fits && !found.running && pending.waiting !== undefined) return id
  try {
    if (fits && (!found.running || sandbox !== null)) {
      // It ran on, without a network, when its sandbox ended.
      if (found.running) await engine.kill(id)
      if (!isReached && sandbox !== null) await deps.sandboxes.wake(sandbox, pending.generation.port, hostPort)
      else if (!isAtAddress) await engine.moveTo(id, hostPort.address)
      const quota = plan.options.HostConfig!.CpuQuota!
      // It may have been curbed while it ran.
      if (found.cpuQuota !== quota) await engine.setCpuQuota(id, quota)
      if (!isStillPending(deps, pending)) return undefined
      await start(deps, pending, id, hostPort, plan, writePairHosts(deps, pending.generation, plan))
      return id
    }
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down' || error.code === 'disk-full') throw error
    log.warn(
      { ...logFields(pending.id), container: id.slice(0, 12), error: error.message },
      'kept container cannot be started',
    )
  }
  if (isStillPending(deps, pending)) await engine.remove(id)
  return undefined
}

export async function startNew(
  deps: Dependencies,
  pending: Pending,
  plan: ContainerPlan,
  hostPort: HostPort,
): Promise<string | undefined> {
  const { store, engine } = deps
  const { id, generation } = pending
  if (!isStillPending(deps, pending)) return undefined
  const hosts = writePairHosts(deps, pending.generation, plan)
  const container = await createNamed(deps, plan.options).catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    store.apply(id, { type: 'imageGone' })
  })
  if (!container) return undefined
  // Cancelled during the create: it must not start.
  if (!store.apply(id, { type: 'created', generation: generation.number, container })) {
    await engine.remove(container)
    return undefined
  }
  await start(deps, pending, container, hostPort, plan, hosts)
  return container
}

/** Where it joins a sandbox; else its options say them. The error, if there is one, is for who starts the container. */
async function writePairHosts(
  { sandboxes, config }: Pick<Dependencies, 'sandboxes' | 'config'>,
  { sandbox }: Pick<Generation, 'sandbox'>,
  { pairHosts: { address, hosts } }: ContainerPlan,
): Promise<Error | undefined> {
  if (sandbox === null || config.repositories.length < 2) return undefined
  return sandboxes.writeHosts(sandbox, address, hosts).then(
    () => undefined,
    (error: Error) => error,
  )
}

/** @param failed of the writing of its pairs' hosts, which began before */
async function start(
  deps: Dependencies,
  { id: preview, generation }: Pending,
  id: string,
  hostPort: HostPort,
  plan: ContainerPlan,
  failed: Promise<Error | undefined>,
): Promise<void> {
  const { engine, network, sandboxes, config } = deps
  const { sandbox, port } = generation
  const { address } = hostPort
  const joins = sandbox === null ? id : sandboxName(config.instance, sandbox)
  try {
    await joinStack(deps, preview, joins, plan.aliases)
    const error = await failed
    if (error !== undefined) throw error
    await engine.start(id)
  } catch (error) {
    if (sandbox !== null) {
      // It ended, or is gone: 'missing' is what the engine then says of the container.
      if (!(error instanceof EngineError) || (error.code !== 'unjoined' && error.code !== 'missing')) throw error
      await sandboxes.wake(sandbox, port, hostPort)
      await joinStack(deps, preview, joins, plan.aliases)
      const again = await writePairHosts(deps, generation, plan)
      if (again !== undefined) throw again
      return engine.start(id)
    }
    // "network … not found": another program pruned it.
    if (!(error instanceof EngineError) || error.code !== 'missing' || !(await engine.inspect(id))) throw error
    await network.ensure()
    await engine.moveTo(id, address)
    await joinStack(deps, preview, joins, plan.aliases)
    await engine.start(id)
  }
}
