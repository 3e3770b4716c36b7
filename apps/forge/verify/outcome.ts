/** What came of an image of a preview, as its row tells it. Pure. */
import type { Reason } from '../../shared/preview/failure-reason.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { Tried } from '../../shared/store/store.ts'

export type Outcome =
  | { is: 'none' }
  /** It comes up, or an older one serves, which the newer image takes over from by itself. */
  | { is: 'coming' }
  | { is: 'answered'; after: number | null }
  | { is: 'failed'; reason: Reason }

/** @param digest the image that is asked about: the preview may still have another one */
export function outcomeOf(preview: Preview | undefined, digest: string): Outcome {
  if (!preview) return { is: 'none' }
  switch (preview.state) {
    case 'running':
    case 'paused': {
      if (preview.generation.digest === digest) return { is: 'answered', after: preview.took.start ?? null }
      const reason = rejectionOf(preview, digest)
      return reason ? { is: 'failed', reason } : { is: 'coming' }
    }
    case 'stopped': {
      const { generation, stages } = preview
      const hasRun = stages.running !== undefined && stages.running >= (stages.starting ?? 0)
      const isIt = generation?.digest === digest && hasRun
      return isIt ? { is: 'answered', after: preview.took.start ?? null } : { is: 'none' }
    }
    case 'failed': {
      const { image, reason } = preview
      const isIt = !image?.digest || image.digest === digest
      return isIt && reason.code !== 'no-such-tag' ? { is: 'failed', reason } : { is: 'none' }
    }
    case 'unknown':
      return { is: 'none' }
    default:
      return { is: 'coming' }
  }
}

/** A newer image that did not come up beside the one that serves. */
function rejectionOf({ image, notices, update }: Preview, digest: string): Reason | undefined {
  const rejected = notices.find((notice) => notice.code === 'update-rejected')
  if (rejected && image?.digest === digest) return rejected.reason
  return update?.digest === digest && update.failure ? update.failure : undefined
}

/** What is known of it now, or else was before: its row may have gone. */
export function lastOutcomeOf(now: Outcome, tried: Tried | undefined, digest: string): Outcome {
  if (now.is === 'answered' || now.is === 'failed') return now
  const before = tried?.digest === digest ? tried.outcome : null
  if (!before) return now
  return 'answered' in before ? { is: 'answered', after: before.answered } : { is: 'failed', reason: before.failed }
}

/** What is to be remembered; the same object where that is nothing new. */
export function triedOf(tried: Tried | undefined, digest: string, now: Outcome): Tried {
  const known = tried?.digest === digest ? tried : { digest, starts: 0, startedAt: null, outcome: null }
  if (now.is === 'failed') {
    // The engine's words and the application's own are not for a pull request.
    const { code, exitCode, after, port, listens, limit, program } = now.reason
    const failed = definedOf({ code, detail: '', exitCode, after, port, listens, limit, program })
    const { outcome } = known
    const isKnown = outcome && 'failed' in outcome && JSON.stringify(outcome.failed) === JSON.stringify(failed)
    return isKnown ? known : { ...known, outcome: { failed } }
  }
  if (now.is !== 'answered') return known
  // A later start of the same image takes another time: the first one is what was told.
  return known.outcome && 'answered' in known.outcome ? known : { ...known, outcome: { answered: now.after } }
}

function definedOf(reason: { [K in keyof Reason]: Reason[K] | undefined }): Reason {
  return Object.fromEntries(Object.entries(reason).filter(([, value]) => value !== undefined)) as unknown as Reason
}
