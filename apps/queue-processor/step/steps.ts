import type { In, InPhase, Phases, Preview, State } from '../../shared/preview/preview.ts'
import type { Outcome, Dependencies } from '../dependencies.ts'
import { findImage } from '../images/find-image.ts'
import { pullForStart } from '../images/pull-for-start.ts'
import { checkUpdateFirst } from '../images/update-image.ts'
import { checkTag } from './check-tag.ts'
import { pausePreview, wakePreview } from './pause-preview.ts'
import { replaceOutdated, startPreview } from './start-preview.ts'
import { cleanUp, drainPreview, removePreview, stopPreview } from './stop-preview.ts'

type Step<P extends Preview> = (deps: Dependencies, preview: P) => Promise<Outcome>
type Steps = {
  [S in Exclude<State, 'unknown'>]: S extends keyof Phases
    ? { [P in Phases[S]]: Step<InPhase<S, P>> | null }
    : Step<In<S>>
}

const steps: Steps = {
  queued: {
    findImage,
    lookup: checkTag,
    checkUpdate: checkUpdateFirst,
    pull: pullForStart,
    start: startPreview,
  },
  pulling: pullForStart,
  starting: startPreview,
  running: replaceOutdated,
  paused: { draining: pausePreview, frozen: null, waking: wakePreview },
  stopping: {
    draining: drainPreview,
    drainingToRestart: drainPreview,
    ending: stopPreview,
    endingToRestart: stopPreview,
  },
  removing: {
    draining: drainPreview,
    drainingToRestart: drainPreview,
    ending: removePreview,
    endingToRestart: removePreview,
  },
  stopped: cleanUp,
  failed: cleanUp,
}

export async function takeStep(deps: Dependencies, preview: Preview): Promise<Outcome> {
  if (preview.state === 'unknown') return undefined
  const ofState = steps[preview.state] as AnyStep | Record<string, AnyStep | null>
  const step = 'phase' in preview ? (ofState as Record<string, AnyStep | null>)[preview.phase] : (ofState as AnyStep)
  return step?.(deps, preview)
}

/** The table has checked that a step fits its state and phase. */
type AnyStep = Step<Preview>
