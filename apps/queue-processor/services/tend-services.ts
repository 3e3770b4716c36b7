/** Starts services again that have ended while their preview runs. Its application is left alone. */
import { EngineError, type ServiceContainer } from '../../shared/engine/engine.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Image, In } from '../../shared/preview/preview.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { Stack } from '../../shared/stack/stack.ts'
import type { Dependencies } from '../dependencies.ts'
import { toFailureReason } from '../step/to-failure-reason.ts'
import { adoptServices } from './adopt-services.ts'
import { exitedReason } from './failed-service.ts'
import { prepare, type Prepared } from './prepared.ts'
import { restAfter } from './coming-up.ts'
import { setState } from './rows.ts'
import { stackOfImage } from './stack-of-preview.ts'
import { imageOf, startService } from './start-service.ts'
import { careOf } from './tend-plan.ts'

/** @throws EngineError */
export async function tendServices(deps: Dependencies, id: PreviewId): Promise<void> {
  const { store, engine } = deps
  const preview = store.get(id)
  if (preview?.state !== 'running') return
  const isLost = store.services.of(id).length === 0
  if (isLost && preview.generation.stack === undefined) return
  const containers = await engine.listServices(id)
  const stack = await stackItRunsWith(deps, preview)
  if (isLost && stack) await adoptServices(deps, id, stack, new Map(stack.services.flatMap(({ name }) => newestOf(containers, name) ?? []).map((found) => [found.service, found]))) // prettier-ignore
  let prepared: Promise<Prepared> | undefined
  const prepareOnce = () => (prepared ??= prepare(deps, id, preview.image!, stack!))
  await Promise.all(store.services.of(id).map((row) => tendOne({ deps, preview, stack, prepareOnce }, row, containers)))
  const next = Math.min(...store.services.of(id).flatMap(({ restartAt }) => restartAt ?? []))
  if (next < Infinity) await deps.nudges.tend(id, Math.max(0, next - Date.now()))
}

interface Tending {
  deps: Dependencies
  preview: In<'running'>
  /** Null where it is not known any more: LOTAN_STACK is another one. */
  stack: Stack | null
  prepareOnce: () => Promise<Prepared>
}

async function tendOne(tending: Tending, row: ServiceRow, containers: ServiceContainer[]): Promise<void> {
  const { deps, preview } = tending
  const id = idOf(preview)
  const { name } = row
  const found = newestOf(containers, name)
  const care = careOf(row, found, Date.now())
  switch (care?.do) {
    case 'runs':
      return setState(deps, id, name, 'running', { container: care.container, restartAt: null, reason: null })
    case 'wake':
      if (await deps.engine.unpause(care.container)) setState(deps, id, name, 'running', { restartAt: null })
      return
    case 'rest': {
      const { crashes, until } = care
      const reason = await exitedReason(deps.engine, { service: name, container: row.container ?? '' }, null)
      deps.log.warn(
        { ...logFields(id), service: name, crashes, detail: reason.detail, ms: until - Date.now() },
        'a service has ended, and is started again',
      )
      deps.store.noteServiceEnd(id, { service: name, exitCode: reason.exitCode ?? null }, Date.now())
      return setState(deps, id, name, 'restarting', { crashes, restartAt: until, reason })
    }
    case 'start':
      return restart(tending, row, found)
  }
}

async function restart(
  { deps, preview, stack, prepareOnce }: Tending,
  { name, crashes }: ServiceRow,
  kept: ServiceContainer | undefined,
): Promise<void> {
  const id = idOf(preview)
  const isWanted = () => deps.store.get(id)?.state === 'running'
  try {
    const container = stack ? await startIt() : await startKept()
    if (container) setState(deps, id, name, 'running', { container, restartAt: null })
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
    // It counts as an end: the next try is later.
    const reason = { ...toFailureReason(error, 'start-failed'), service: name }
    setState(deps, id, name, 'restarting', {
      crashes: crashes + 1,
      restartAt: Date.now() + restAfter(crashes + 1),
      reason,
    })
  }

  async function startIt(): Promise<string | undefined> {
    const prepared = await prepareOnce()
    const service = prepared.stack.services.find((one) => one.name === name)
    if (!service) return undefined
    const image = await imageOf(deps, id, service)
    const { number: generation } = preview.generation
    return (await startService(deps, { id, service, image, prepared, generation, kept, isWanted }))?.container
  }

  async function startKept(): Promise<string | undefined> {
    if (!kept || !isWanted()) return undefined
    await deps.engine.start(kept.id)
    return kept.id
  }
}

function newestOf(containers: ServiceContainer[], name: string): ServiceContainer | undefined {
  return containers.filter(({ service }) => service === name).sort((a, b) => b.generation - a.generation)[0]
}

/** Its newer image may have another. */
async function stackItRunsWith(deps: Dependencies, preview: In<'running'>): Promise<Stack | null> {
  const { generation, image } = preview
  const own: Image | null | undefined =
    image?.id === generation.image ? image : await deps.engine.findImage(generation.image)
  const stack = stackOfImage(deps, idOf(preview), own ?? null)
  return stack?.spec === generation.stack ? stack : null
}
