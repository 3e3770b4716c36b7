/** How long a cold start took, told once: on the first response that a person gets after it. */
import type { Preview } from '../../shared/preview/preview.ts'
import { serverTiming } from '../start-timing.ts'

/** @param previews what is there already when the router starts: of their starts somebody has been told before */
export function noteColdStarts(previews: readonly Preview[]) {
  const told = new Map<string, number>()
  const started = ({ stages }: Preview) => stages.running
  for (const preview of previews) told.set(preview.tag, started(preview) ?? 0)
  return {
    /** The value of `Server-Timing` for this response; undefined where it is not the first one. */
    first(preview: Preview): string | undefined {
      const at = started(preview)
      if (at === undefined || told.get(preview.tag) === at) return undefined
      told.set(preview.tag, at)
      return serverTiming(preview.stages)
    },
  }
}
