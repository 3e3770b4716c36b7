/** What whoever was inside reads at its end. Pure. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import type { SessionEnd } from '../../shared/shell/session-kind.ts'

/** @param idle milliseconds @returns null where its program, or who was inside, ended it */
export function endWords(end: SessionEnd, id: PreviewId, idle: number): string | null {
  switch (end.why) {
    case 'exited':
    case 'closed':
      return null
    case 'idle':
      return `Ended: no byte went either way for ${Math.round(idle / 60_000)} min.`
    case 'stopped':
      return `Ended: ${shownTag(id)} was stopped.`
    case 'lotan-ended':
      return 'Ended: Lotan itself stops. Come again in a moment.'
    case 'failed':
      return `Ended: ${end.detail}`
  }
}
