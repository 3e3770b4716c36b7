import type { Preview } from '../../shared/preview/preview.ts'
import { serverTiming } from '../start-timing.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

/**
 * The timing of a cold start, told once: on the first response to a person. @param previews those that run when the
 * router starts: their timing has been told
 */
export function noteColdStarts(previews: readonly Preview[]) {
  const reported = new Map<PreviewId, number>()
  const started = ({ stages }: Preview) => stages.running
  for (const preview of previews) reported.set(idOf(preview), started(preview) ?? 0)
  return {
    /** The value of `Server-Timing`; undefined where this is not the first response. */
    first(preview: Preview): string | undefined {
      const at = started(preview)
      if (at === undefined || reported.get(idOf(preview)) === at) return undefined
      reported.set(idOf(preview), at)
      return serverTiming(preview.stages)
    },
  }
}
