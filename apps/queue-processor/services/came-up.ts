/**
 * Which starts have their services up, so that the step that takes a lane starts the application. In memory alone: after
 * a restart of the process the services are looked at again.
 */
import type { PreviewId } from '../../shared/preview/preview-id.ts'

export type CameUp = ReturnType<typeof openCameUp>

interface Start {
  id: PreviewId
  generation: { number: number }
  /** When it began, milliseconds since 1970. */
  began: number | undefined
}

export function openCameUp() {
  const starts = new Map<PreviewId, string>()
  const nameOf = ({ generation, began }: Start) => `${generation.number} ${began}`
  return {
    note: (pending: Start): void => void starts.set(pending.id, nameOf(pending)),
    /** @returns whether they are; once for each time that it was noted */
    take(pending: Start): boolean {
      const noted = starts.get(pending.id)
      starts.delete(pending.id)
      return noted === nameOf(pending)
    },
  }
}
