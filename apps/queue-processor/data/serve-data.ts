/** Does what is asked for a preview's data: a turn of the preview, beside none of its other steps. */
import { EngineError } from '../../shared/engine/engine.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Config } from '../../shared/config/config.ts'
import type { Dependencies } from '../dependencies.ts'
import { makeCopies } from '../copies/make-copies.ts'
import { thaw } from './freeze.ts'
import { makeSnapshot } from './make-snapshot.ts'
import { resetData } from './reset-data.ts'

type Needs = Pick<Dependencies, 'engine' | 'store' | 'volumes' | 'nudges' | 'log'> & {
  config: Pick<Config, 'instance'>
}

/** In these its containers may change at any moment. */
const UNSETTLED: readonly string[] = ['starting', 'stopping', 'removing']

export async function serveData(deps: Needs, id: PreviewId): Promise<void> {
  const { store } = deps
  const reset = store.resets.open().find(({ preview }) => preview === id)
  const snapshots = store.snapshots.list().filter(({ preview, state }) => preview === id && state === 'asked')
  const isCopied = store.copies.list().some(({ of }) => of === id)
  if (!reset && snapshots.length === 0 && !isCopied) return
  if (UNSETTLED.includes(store.get(id)?.state ?? '')) return
  await thaw(deps, id)
  for (const snapshot of snapshots)
    await attempt(
      deps,
      id,
      () => makeSnapshot(deps, snapshot),
      (why) => store.snapshots.fail(snapshot.name, why),
    )
  if (isCopied) await makeCopies(deps, id)
  if (reset)
    await attempt(
      deps,
      id,
      () => resetData(deps, reset),
      (why) => store.resets.fail(id, why, Date.now()),
    )
}

/** An engine that is down says nothing of the wish: it is tried again. */
async function attempt(
  { log }: Needs,
  id: PreviewId,
  work: () => Promise<void>,
  fail: (why: string) => void,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
    log.warn({ ...logFields(id), code: error.code, error: error.message }, 'what was asked for data cannot be done')
    fail(error.message)
  }
}

/** Previews for which something is asked. */
export function dueForData({ store }: Pick<Needs, 'store'>): PreviewId[] {
  const asked = store.snapshots.list().filter(({ state }) => state === 'asked')
  const copied = store.copies.list().map(({ of }) => of)
  return [...new Set([...asked, ...store.resets.open()].map(({ preview }) => preview).concat(copied))]
}
