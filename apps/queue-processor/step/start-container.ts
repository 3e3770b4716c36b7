/** Starts a container: the one that a preview has kept, or a new one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError } from '../../shared/engine/engine.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import type { Generation } from '../../shared/preview/generation.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import type { ContainerPlan } from '../containers/create-options.ts'
import type { Dependencies } from '../dependencies.ts'
import { isStillPending, type Pending } from './pending.ts'

/** How long to wait for a container of the same name whose removal is under way. */
const NAME_MS = 5_000
const NAME_AGAIN_MS = 50

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
      await start(deps, id, hostPort, pending.generation, plan, writePairHosts(deps, pending.generation, plan))
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
  const container = await create(deps, plan).catch((error: unknown) => {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    store.apply(id, { type: 'imageGone' })
  })
  if (!container) return undefined
  // Cancelled during the create: it must not start.
  if (!store.apply(id, { type: 'created', generation: generation.number, container })) {
    await engine.remove(container)
    return undefined
  }
  await start(deps, container, hostPort, generation, plan, hosts)
  return container
}

async function create({ engine, log }: Dependencies, plan: ContainerPlan): Promise<string> {
  const name = plan.options.name!
  for (const end = Date.now() + NAME_MS; ; await sleep(NAME_AGAIN_MS)) {
    try {
      return await engine.create(plan.options)
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'taken' || Date.now() >= end) throw error
    }
    // Left by an interrupted start, or under removal. The name carries the instance, so no other program owns it.
    await engine.remove(name)
    log.info({ container: name }, 'stray container of the same name removed')
  }
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
  id: string,
  hostPort: HostPort,
  generation: Generation,
  plan: ContainerPlan,
  failed: Promise<Error | undefined>,
): Promise<void> {
  const { engine, network, sandboxes } = deps
  const { sandbox, port } = generation
  const { address } = hostPort
  try {
    const error = await failed
    if (error !== undefined) throw error
    await engine.start(id)
  } catch (error) {
    if (sandbox !== null) {
      // It ended, or is gone: 'missing' is what the engine then says of the container.
      if (!(error instanceof EngineError) || (error.code !== 'unjoined' && error.code !== 'missing')) throw error
      await sandboxes.wake(sandbox, port, hostPort)
      const again = await writePairHosts(deps, generation, plan)
      if (again !== undefined) throw again
      return engine.start(id)
    }
    // "network … not found": another program pruned it.
    if (!(error instanceof EngineError) || error.code !== 'missing' || !(await engine.inspect(id))) throw error
    await network.ensure()
    await engine.moveTo(id, address)
    await engine.start(id)
  }
}
