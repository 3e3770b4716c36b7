import { usedAt } from '../../shared/preview/timeouts.ts'
import {
  FIRST,
  isDue,
  leavesAt,
  makesNoRoom,
  overtakers,
  rankOf,
  startQueue,
} from '../../shared/preview/start-queue.ts'
import { isPinned, startsAgain, countsAsRunning, type In, type Preview } from '../../shared/preview/preview.ts'
import type { Dependencies } from '../dependencies.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'
import { isAdmitted, readMemory } from './admission.ts'
import type { EventOf } from '../../shared/preview/event.ts'

export { isDue }

/**
 * One for each that waits, less those that stop already; more where LOTAN_MAX_RUNNING was lowered. For a person also one
 * that no visitor came to.
 * @param places how many may be up: LOTAN_MAX_RUNNING, or fewer where the memory is full
 */
export function chooseToStop(
  previews: readonly Preview[],
  places: number,
  now: number,
): (In<'running'> | In<'paused'>)[] {
  const waiting = startQueue(previews, now).filter((preview) => !makesNoRoom(preview, now))
  const stopping = previews.filter((preview) => preview.state === 'stopping' && !startsAgain(preview))
  const up = previews.filter(({ state }) => countsAsRunning(state))
  const missing = waiting.length + up.length - places - stopping.length
  if (waiting.length === 0 || missing <= 0) return []
  const longestUnused = (a: Preview, b: Preview) => usedAt(a) - usedAt(b)
  // A paused preview is idle by definition, and still takes its memory.
  const ends = previews.filter((preview) => !isPinned(preview, now))
  const paused = ends.filter((preview) => preview.state === 'paused').filter((preview) => !startsAgain(preview))
  const running = ends.filter((preview) => preview.state === 'running').sort(longestUnused)
  const idle = running.filter((preview) => leavesAt(preview, false) <= now)
  const first = [...paused.sort(longestUnused), ...idle].slice(0, missing)
  const people = waiting.filter((preview) => rankOf(preview, now) === FIRST).length - stopping.length
  const unvisited = running.filter((preview) => !idle.includes(preview) && leavesAt(preview, true) <= now)
  return [...first, ...unvisited.slice(0, Math.max(0, Math.min(missing, people) - first.length))]
}

/**
 * Applies an event that takes a place, where one is free, and the memory for it. If not, the longest idle previews are
 * stopped; this one stays queued, and the reaper asks for it again.
 */
export async function takePlace(
  deps: Dependencies,
  preview: In<'queued'>,
  event: EventOf<'pull' | 'begin'>,
): Promise<Preview | undefined> {
  const { store, config } = deps
  const memory = await readMemory(deps)
  // No other step of this process comes between here and the event.
  const up = store.places()
  const kept = overtakers(preview, store.list(), Date.now()).length
  // A start that has no place anyway says nothing of the memory.
  if (up + kept < config.maxRunning && isAdmitted(deps, preview, memory)) return store.apply(idOf(preview), event)
  await makeRoom(deps, preview, Math.min(up, config.maxRunning))
  return undefined
}

async function makeRoom({ store, nudges, log }: Dependencies, waiting: Preview, places: number): Promise<void> {
  for (const idle of chooseToStop(store.list(), places, Date.now())) {
    const stopping = store.apply(idOf(idle), { type: 'stop', why: 'room' })
    if (!stopping) continue
    log.info({ ...logFields(idOf(idle)), for: idOf(waiting) }, 'stopping an idle preview for a waiting one')
    await nudges.nudge(stopping)
  }
}
