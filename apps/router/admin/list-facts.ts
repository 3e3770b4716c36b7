/** What the list shows besides the previews. The page works without what does not answer. */
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import type { Slept } from '../../shared/store/store.ts'
import type { RouterContext } from '../context.ts'
import type { ListFacts } from '../pages/list/row.ts'
import { lastKnown } from './last-known.ts'

const WEEK_MS = 7 * 24 * 60 * 60_000
/** An engine that hangs is asked for a second. */
const PATIENCE_MS = 100
const KEPT_MS = 60_000
/** It reads a week of history. */
const SLEPT_EVERY_MS = 60_000

export function listFacts({ store, reaper, log }: Pick<RouterContext, 'store' | 'reaper' | 'log'>) {
  let slept: { at: number; told: Slept } | undefined
  const machineOfLate = lastKnown(() => reaper.machine(), {
    patience: PATIENCE_MS,
    kept: KEPT_MS,
    failed: without('facts of the machine', undefined),
  })

  return async function factsOf(
    previews: readonly Preview[],
  ): Promise<Pick<ListFacts, 'figures' | 'machine' | 'slept'>> {
    const hasContainers = previews.some((preview) => generationOf(preview)?.container)
    const [figures, machine] = await Promise.all([
      hasContainers ? reaper.figures().catch(without('figures', {})) : {},
      machineOfLate(),
    ])
    return { figures, machine, slept: sleptOfLate() }
  }

  function without<T>(what: string, instead: T) {
    return (error: Error): T => {
      log.warn({ err: error }, `the reaper gave no ${what}`)
      return instead
    }
  }

  function sleptOfLate(): Slept {
    const now = performance.now()
    if (!slept || now - slept.at > SLEPT_EVERY_MS)
      slept = { at: now, told: store.overview.slept(Date.now() - WEEK_MS, Date.now()) }
    return slept.told
  }
}
