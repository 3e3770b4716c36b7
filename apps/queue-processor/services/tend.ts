/**
 * When services are tended: beside an update of the image, which may take minutes, and beside no other step of the
 * preview. A step that begins meanwhile waits until that is over.
 */
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'
import { isExpected } from '../step/to-failure-reason.ts'
import { tendServices } from './tend-services.ts'

interface Busy {
  tended: boolean
  isUpdate: boolean
}

/** @param stepOf the step of a preview that is being taken */
export function openTend(deps: Dependencies, stepOf: (id: PreviewId) => Busy | undefined) {
  const underWay = new Map<PreviewId, Promise<void>>()

  async function tend(id: PreviewId): Promise<void> {
    try {
      await tendServices(deps, id)
    } catch (error) {
      // The reaper asks again.
      if (!isExpected(error)) throw error
      deps.log.warn({ ...logFields(id), code: error.code, error: error.message }, 'services cannot be tended')
    }
  }

  return {
    async attend(id: PreviewId): Promise<void> {
      const step = stepOf(id)
      if (step && !step.isUpdate) return void (step.tended = true)
      // A tend meanwhile may know of a later end.
      while (underWay.has(id)) await underWay.get(id)
      const again = stepOf(id)
      if (again && !again.isUpdate) return void (again.tended = true)
      const work = tend(id).finally(() => underWay.delete(id))
      underWay.set(id, work)
      await work
    },

    async settled(id: PreviewId): Promise<void> {
      while (underWay.has(id)) await underWay.get(id)!.catch(() => {})
    },
  }
}
