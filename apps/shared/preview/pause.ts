/** How a preview that nobody uses is frozen, woken, and called back where it is in use after all. */
import { asked, known, running, stage } from './states.ts'
import { isOnItsWay, isRouted, type In, type PausedPhase, type Preview } from './preview.ts'

/** Its route goes; its container runs on until the drain is over. */
export function pause(preview: Preview, now: number): In<'paused'> | undefined {
  if (preview.state !== 'running') return undefined
  if (isOnItsWay(preview)) return undefined
  return asked(paused(preview, 'draining', now))
}

/** Its container is frozen. */
export function freeze(preview: Preview, generation: number, now: number): In<'paused'> | undefined {
  const isDrained = preview.state === 'paused' && preview.phase === 'draining'
  if (!isDrained && preview.state !== 'running') return undefined
  if (preview.generation.number !== generation) return undefined
  return paused(preview, 'frozen', now)
}

/** @param unfit it could not be frozen */
export function woken(preview: Preview, generation: number, unfit: boolean, now: number): In<'running'> | undefined {
  if (preview.state !== 'paused' || preview.phase === 'draining' || preview.generation.number !== generation)
    return undefined
  return running(
    unfit ? { ...preview, stages: stage(preview, 'unfrozen', now) } : preview,
    preview.generation,
    preview.phase === 'waking' ? now : preview.readyAt,
    now,
  )
}

/** What was about to be paused, or stopped for being idle, serves on. */
export function inUse(preview: Preview, now: number): In<'running'> | undefined {
  if (preview.state === 'paused' && preview.phase === 'draining')
    return running(preview, preview.generation, preview.readyAt, now)
  if (preview.state !== 'stopping' || preview.phase !== 'draining') return undefined
  if (preview.why !== 'idle' && preview.why !== 'disk') return undefined
  const { generation } = preview
  return generation && isRouted(generation) ? running(preview, generation, now, now) : undefined
}

function paused(preview: In<'running'> | In<'paused'>, phase: PausedPhase, now: number): In<'paused'> {
  const { generation, readyAt } = preview
  return { ...known(preview), since: now, state: 'paused', phase, generation, readyAt }
}
