/** Looks after services while the application beside them comes up: no tend does, since the start is a step. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reason } from '../../shared/preview/failure-reason.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { waitForExit } from '../containers/wait-for-exit.ts'
import type { Dependencies } from '../dependencies.ts'
import { discard, isStillPending, type Pending } from '../step/pending.ts'
import { exitedReason } from './failed-service.ts'
import { setState } from './rows.ts'
import { tendServices } from './tend-services.ts'

interface Watch {
  /** Asked once the application has answered: whether it is up with all that it needs. Else its start has failed. */
  confirm: () => Promise<boolean>
  /** To be called once the application is up, or is not wanted any more. */
  end: () => Promise<void>
}

const none: Watch = { confirm: () => Promise.resolve(true), end: () => Promise.resolve() }

/** A service that ends fails the start. Beside a generation that serves it is started again instead. */
export function watchServices(deps: Dependencies, pending: Pending): Watch {
  if (!deps.store.services.of(pending.id).some(runs)) return none
  const ending = new AbortController()
  const watched = watch(deps, pending, ending.signal)
  return {
    confirm: () => confirm(deps, pending),
    async end() {
      ending.abort()
      await watched
    },
  }
}

/** The engine may tell of an end only after an application that is quick has answered. */
async function confirm(deps: Dependencies, pending: Pending): Promise<boolean> {
  const { id } = pending
  if (deps.store.get(id)?.state !== 'starting') return true
  const running = new Set((await deps.engine.listServices(id)).flatMap(({ id, running }) => (running ? id : [])))
  const ended = deps.store.services.of(id).find((row) => runs(row) && !running.has(row.container!))
  if (ended) await failFor(deps, pending, { row: ended, exitCode: null })
  return !ended
}

async function watch(deps: Dependencies, pending: Pending, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const ended = await firstEnd(deps, pending, signal)
      if (!isStillPending(deps, pending)) return
      const isStarting = deps.store.get(pending.id)?.state === 'starting'
      if (isStarting && ended) return await failFor(deps, pending, ended)
      if (!isStarting) await tendServices(deps, pending.id)
    } catch (error) {
      if (signal.aborted) return
      deps.log.warn({ error: (error as Error).message }, 'services cannot be watched')
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
  }
}

const PAUSE_MS = 500
const LOOK_MS = 5_000

type Ended = { row: ServiceRow; exitCode: number | null }

async function firstEnd(
  { store, engine }: Dependencies,
  { id }: Pending,
  signal: AbortSignal,
): Promise<Ended | undefined> {
  const first = new AbortController()
  const until = AbortSignal.any([signal, first.signal])
  const rows = store.services.of(id).filter(runs)
  try {
    return await Promise.race([
      ...rows.map(async (row) => ({ row, ...(await waitForExit(engine, row.container!, until)) })),
      // One that rests now may run soon.
      sleep(LOOK_MS, undefined, { signal: until }),
    ])
  } finally {
    first.abort()
  }
}

function runs({ state, container }: ServiceRow): boolean {
  return (state === 'running' || state === 'starting') && container !== null
}

async function failFor(deps: Dependencies, pending: Pending, { row, exitCode }: Ended): Promise<void> {
  const { name, container } = row
  const reason: Reason = await exitedReason(deps.engine, { service: name, container: container! }, exitCode)
  if (!isStillPending(deps, pending)) return
  // Before its container goes: the application may answer meanwhile.
  deps.store.apply(pending.id, { type: 'fail', reason })
  setState(deps, pending.id, name, 'failed', { reason })
  await discard(deps, pending)
}
