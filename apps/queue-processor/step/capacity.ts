import { usedAt } from '../../shared/preview/timeouts.ts'
import { isDue } from '../../shared/preview/start-queue.ts'
import { startsAgain, countsAsRunning, type In, type Preview } from '../../shared/preview/preview.ts'
import type { Dependencies } from '../dependencies.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

export { isDue }

export const IDLE_MS = 60_000

/** One for each that waits, less those that stop already; more where LOTAN_MAX_RUNNING was lowered. */
export function chooseToStop(
  previews: readonly Preview[],
  maxRunning: number,
  now: number,
): (In<'running'> | In<'paused'>)[] {
  const waiting = previews.filter((preview) => preview.state === 'queued' && isDue(preview, now))
  const stopping = previews.filter((preview) => preview.state === 'stopping' && !startsAgain(preview))
  const places = previews.filter(({ state }) => countsAsRunning(state))
  const missing = waiting.length + places.length - maxRunning - stopping.length
  if (waiting.length === 0 || missing <= 0) return []
  const longestUnused = (a: Preview, b: Preview) => usedAt(a) - usedAt(b)
  // A paused preview is idle by definition, and still takes its memory.
  const paused = previews.filter((preview) => preview.state === 'paused').filter((preview) => !startsAgain(preview))
  const idle = previews
    .filter((preview) => preview.state === 'running')
    .filter((preview) => now - usedAt(preview) >= IDLE_MS)
  return [...paused.sort(longestUnused), ...idle.sort(longestUnused)].slice(0, missing)
}

/** The preview stays queued; the reaper asks for it again. */
export async function freeCapacity({ store, nudges, config, log }: Dependencies, id: PreviewId): Promise<void> {
  if (store.places() < config.maxRunning) return
  for (const idle of chooseToStop(store.list(), config.maxRunning, Date.now())) {
    const stopping = store.apply(idOf(idle), { type: 'stop', why: 'room' })
    if (!stopping) continue
    log.info({ ...logFields(idOf(idle)), for: id }, 'stopping an idle preview for a waiting one')
    await nudges.nudge(stopping)
  }
}
