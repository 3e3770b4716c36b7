/** What follows from the digest that the registry has for a tag. */
import type { Log } from '../shared/log.ts'
import { isHopeless } from '../shared/preview/image-update.ts'
import { idOf, logFields, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Preview } from '../shared/preview/preview.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'

export interface Needs {
  store: Pick<Store, 'digest' | 'apply' | 'noteChanged'>
  nudges: Pick<Nudges, 'refresh'>
  log: Log
}

export function openCompare({ store, nudges, log }: Needs) {
  return {
    /** Of a preview whose image Lotan pulled. */
    async image(preview: Preview, digest: string): Promise<void> {
      const { image, update } = preview
      const id = idOf(preview)
      store.digest(id, digest)
      // An earlier update was requested, or is outdated by a newer push.
      if (digest === image?.digest && update) store.apply(id, { type: 'current', number: update.number })
      if (digest === image?.digest || isHopeless(preview, digest)) return
      const noticed = store.apply(id, { type: 'refresh', digest })
      if (noticed) log.info({ ...logFields(id), was: image?.digest, digest }, 'a newer image was pushed')
      await nudges.refresh(noticed ?? preview)
    },

    /** Of a tag whose image could not run here: it may be fixed now. */
    rejected(id: PreviewId, was: string, digest: string): void {
      if (digest === was) return
      log.info({ ...logFields(id), was, digest }, 'a tag that could not run here was pushed again')
      store.noteChanged(id)
    },
  }
}
