/** Room for one more: when LOTAN_MAX_RUNNING previews are up, the one that nobody has used for longest makes way. */
import { usedAt } from '../../shared/preview/timeouts.ts'
import { isDue } from '../../shared/preview/start-queue.ts'
import { takesPlace, type In, type Preview } from '../../shared/preview/preview.ts'
import type { Dependencies } from '../dependencies.ts'

export { isDue }

/** Whoever was here within this long is not sent away. */
export const IDLE_MS = 60_000

/**
 * Which previews make way, the longest unused first: as many as have to, so that all who wait find a place, less those
 * that are stopping already. That is one for each, and more where LOTAN_MAX_RUNNING was lowered.
 *
 * @returns fewer, or none, where nobody else is idle enough
 */
export function makeWay(
  previews: readonly Preview[],
  maxRunning: number,
  now: number,
): (In<'running'> | In<'paused'>)[] {
  const waiting = previews.filter((preview) => preview.state === 'queued' && isDue(preview, now))
  const leaving = previews.filter((preview) => preview.state === 'stopping' && !preview.thenStart)
  const places = previews.filter(({ state }) => takesPlace(state))
  const missing = waiting.length + places.length - maxRunning - leaving.length
  if (waiting.length === 0 || missing <= 0) return []
  const longestUnused = (a: Preview, b: Preview) => usedAt(a) - usedAt(b)
  // What is paused nobody uses, though it takes as much memory as ever.
  const paused = previews.filter((preview) => preview.state === 'paused').filter(({ thenStart }) => !thenStart)
  const idle = previews
    .filter((preview) => preview.state === 'running')
    .filter((preview) => now - usedAt(preview) >= IDLE_MS)
  return [...paused.sort(longestUnused), ...idle.sort(longestUnused)].slice(0, missing)
}

/** Stops the longest idle previews where that makes room. What waits stays queued, and is asked for again. */
export async function makeRoom({ store, nudges, config, log }: Dependencies, tag: string): Promise<void> {
  if (store.places() < config.maxRunning) return
  for (const idle of makeWay(store.list(), config.maxRunning, Date.now())) {
    const stopping = store.apply(idle.tag, { type: 'stop', why: 'room' })
    if (!stopping) continue
    log.info({ tag: idle.tag, for: tag }, 'making room')
    await nudges.nudge(stopping)
  }
}
