/** What a waiting caller has seen of a preview so far, and in which words to say it. Pure. */
import type { Event, View } from '../api.ts'

export type Stage = 'asking' | 'queued' | 'missing' | 'pulling' | 'starting' | 'waiting' | 'waking' | 'stopping'

export interface Seen {
  stage: Stage
  /** Place in line, from 1; null while it is not in line, but waits for another try. */
  position: number | null
  /** Why there is another try: a reason's code. */
  reason: string | null
  /** What the registry does not have. It stays so, whatever is asked again, until something of it comes. */
  missing: 'tag' | 'repository' | null
  progress: View['progress']
  /** Whole percent of the pull; never less than before. */
  percent: number | null
  /** Milliseconds this usually takes. */
  usual: number | null
  /** It is being removed: that it is gone then says nothing of the registry. */
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

/** What is known after one more event. */
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

/** `pulling the image`: what is said where no number is looked at. */
export function words({ stage, position, reason, missing }: Seen): string {
  switch (stage) {
    case 'asking':
      return 'asking Lotan'
    case 'queued':
      if (position !== null) return `queued, number ${position} in line`
      return `waiting for another try${reason ? `, after ${reason}` : ''}`
    case 'missing':
      return `the registry does not have ${missing === 'repository' ? 'the repository' : 'it'} yet, asking again`
    case 'pulling':
      return 'pulling the image'
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
  const askedAgain = image === null && (state === 'queued' || (state === 'pulling' && progress === null))
  return askedAgain ? seen.missing : null
}
