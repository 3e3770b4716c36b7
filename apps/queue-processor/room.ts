/** Room for one more: when LOTAN_MAX_RUNNING previews are up, the one that nobody has used for longest makes way. */
import type { In, Preview } from '../shared/preview.ts'
import type { Parts } from './parts.ts'

/** Whoever was here within this long is not sent away. */
export const IDLE_MS = 60_000

/** A delayed job may come a moment early. */
const EARLY_MS = 100

/** Whether a queued preview may start: its back-off is over. */
export function isDue({ notBefore }: In<'queued'>, now: number): boolean {
  return notBefore <= now + EARLY_MS
}

/**
 * Which preview makes way.
 *
 * @returns undefined when none is idle enough, or as many are stopping already as there are previews that wait
 */
export function makesWay(previews: Preview[], now: number): In<'running'> | In<'paused'> | undefined {
  const waiting = previews.filter((preview) => preview.state === 'queued' && isDue(preview, now))
  const leaving = previews.filter((preview) => preview.state === 'stopping' && !preview.thenStart)
  if (leaving.length >= waiting.length) return undefined
  // What is paused nobody uses, though it takes as much memory as ever.
  const paused = previews.filter((preview) => preview.state === 'paused').filter(({ thenStart }) => !thenStart)
  const idle = previews
    .filter((preview) => preview.state === 'running')
    .filter((preview) => now - lastUsed(preview) >= IDLE_MS)
  return (paused.length > 0 ? paused : idle).sort((a, b) => lastUsed(a) - lastUsed(b))[0]
}

/** Which of the waiting previews is the next: the one that has waited longest. */
export function nextInLine(previews: Preview[], now: number): In<'queued'> | undefined {
  return previews
    .filter((preview) => preview.state === 'queued')
    .filter((preview) => isDue(preview, now))
    .sort((a, b) => a.since - b.since || (a.tag < b.tag ? -1 : 1))[0]
}

/** Stops the longest idle preview where that makes room. What waits stays queued, and is asked for again. */
export async function makeRoom({ store, nudges, config, log }: Parts, tag: string): Promise<void> {
  if (store.places() < config.maxRunning) return
  const idle = makesWay(store.list(), Date.now())
  if (!idle) return
  const stopping = store.apply(idle.tag, { type: 'stop', why: 'room' })
  if (!stopping) return
  log.info({ tag: idle.tag, for: tag }, 'making room')
  await nudges.nudge(stopping)
}

/** When a preview was last of use, milliseconds since 1970. */
function lastUsed(preview: In<'running'> | In<'paused'>): number {
  return Math.max(preview.lastSeen ?? 0, preview.readyAt)
}
