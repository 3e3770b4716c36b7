import type { Event, View } from '../api.ts'

export type Stage = 'asking' | 'queued' | 'missing' | 'pulling' | 'starting' | 'waiting' | 'waking' | 'stopping'

export interface Seen {
  stage: Stage
  /** In line, from 1; null while it waits for another try. */
  position: number | null
  /** Code of the last failure, while it waits for another try. */
  reason: string | null
  /** What the registry lacks. Stays so through further tries, until a pull brings something. */
  missing: 'tag' | 'repository' | null
  progress: View['progress']
  /** Of the pull, whole; never less than before. */
  percent: number | null
  usual: number | null
  /** Its end is then a removal, not a tag that the registry lacks. */
  removing: boolean
}

export const nothing: Seen = {
  stage: 'asking',
  position: null,
  reason: null,
  missing: null,
  progress: null,
  percent: null,
  usual: null,
  removing: false,
}

export function see(seen: Seen, event: Event): Seen {
  if (event.event === 'removed') return seen.removing ? seen : { ...seen, stage: 'missing', missing: 'tag' }
  const view = event.data
  const { state, position, reason, progress } = view
  const missing = missingOf(seen, view)
  const percent = progress && progress.total > 0 ? Math.floor(progress.percent) : null
  return {
    stage: missing ? 'missing' : (stageOf(view) ?? seen.stage),
    position,
    reason: state === 'queued' ? reason : null,
    missing,
    progress,
    percent: percent === null ? seen.percent : Math.max(percent, seen.percent ?? 0),
    usual: view.usual ?? seen.usual,
    removing: state === 'removing',
  }
}

export function words({ stage, position, reason, missing, progress }: Seen): string {
  switch (stage) {
    case 'asking':
      return 'asking Lotan'
    case 'queued':
      if (position !== null) return `queued, number ${position} in line`
      return `waiting for another try${reason ? `, after ${reason}` : ''}`
    case 'missing':
      return `the registry does not have ${missing === 'repository' ? 'the repository' : 'it'} yet, asking again`
    case 'pulling':
      return progress?.phase === 'unpacking' ? 'unpacking the image' : 'pulling the image'
    case 'starting':
      return 'starting the container'
    case 'waiting':
      return 'waiting for the first answer'
    case 'waking':
      return 'being woken'
    case 'stopping':
      return 'being stopped first'
  }
}

/** Undefined where waiting ends, or has not begun. */
function stageOf({ state, timing }: View): Stage | undefined {
  switch (state) {
    case 'queued':
    case 'pulling':
    case 'stopping':
      return state
    case 'starting':
      return timing.start === null ? 'starting' : 'waiting'
    case 'paused':
      return 'waking'
    case 'removing':
      return 'stopping'
    default:
      return undefined
  }
}

function missingOf(seen: Seen, { state, reason, image, progress }: View): Seen['missing'] {
  if (state === 'failed' && reason === 'no-repository') return 'repository'
  if (state === 'failed' && reason === 'no-such-tag') return 'tag'
  const askedAgain = image === null && (state === 'queued' || (state === 'pulling' && progress === null))
  return askedAgain ? seen.missing : null
}
