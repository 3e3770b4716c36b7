import type { Config } from '../../shared/config/config.ts'
import { countsAsRunning, isPinned } from '../../shared/preview/preview.ts'
import { leavesAt } from '../../shared/preview/start-queue.ts'
import type { Store } from '../../shared/store/store.ts'

/**
 * Why what is next in line does not start yet. `pins`: all places are taken, and each by one that is pinned.
 * `roomIn`: milliseconds until the first of those that run may be stopped for it, if it is not used again before that;
 * null where none of them may.
 */
export type Full =
  | { of: 'places'; most: number; roomIn: number | null }
  | { of: 'pins'; most: number }
  | { of: 'memory'; roomIn: number | null }

/** @returns null where the next start has its place and its memory */
export function fullOf(
  store: Pick<Store, 'list' | 'places' | 'facts'>,
  { maxRunning }: Pick<Config, 'maxRunning'>,
  now: number,
): Full | null {
  const isFull = store.places() >= maxRunning
  if (!isFull && !store.facts.get('memoryFull')) return null
  const up = store.list().filter(({ state }) => countsAsRunning(state))
  const leave = up
    .filter((preview) => preview.state === 'running')
    .filter((preview) => !isPinned(preview, now))
    .map((preview) => leavesAt(preview, true))
  const roomIn = leave.length === 0 ? null : Math.max(0, Math.min(...leave) - now)
  if (!isFull) return { of: 'memory', roomIn }
  const isPins = up.filter((preview) => isPinned(preview, now)).length >= maxRunning
  return isPins ? { of: 'pins', most: maxRunning } : { of: 'places', most: maxRunning, roomIn }
}

/** `Full: 50 of 50 run; room is made when one is idle, in about 1 min.` */
export function fullWords(full: Full): string {
  if (full.of === 'pins')
    return `Full: ${full.most} of ${full.most} run, and all are pinned; a person has to unpin or stop one.`
  const when = full.roomIn === null ? '' : `, ${soonWords(full.roomIn)}`
  return full.of === 'places'
    ? `Full: ${full.most} of ${full.most} run; room is made when one is idle${when}.`
    : `Full: the memory of the server is used; room is made when a preview is idle${when}.`
}

/** In steps: the page is told anew whenever its words change. */
export function soonWords(ms: number): string {
  if (ms < 20_000) return 'in a moment'
  return ms < 90_000 ? 'in about 1 min' : `in about ${Math.round(ms / 60_000)} min`
}
