import type { Preview } from '../../shared/preview/preview.ts'
import { serverTiming } from '../start-timing.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

/** The timing of a cold start is for one response. Previews that run as the router starts have told theirs. */
export function noteColdStarts(previews: readonly Preview[]) {
  const reported = new Map<PreviewId, number>()
  const started = ({ stages }: Preview) => stages.running
  for (const preview of previews) reported.set(idOf(preview), started(preview) ?? 0)
  return {
    first(preview: Preview): string | undefined {
      const at = started(preview)
      if (at === undefined || reported.get(idOf(preview)) === at) return undefined
      reported.set(idOf(preview), at)
      return serverTiming(preview.stages)
    },
  }
}
