/** nginx takes an interim response (RFC 9110, 15.2) for the final one: such containers go through its relay. */
import type { In, Preview } from '../../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

type Running = In<'running'>

export interface Relayed {
  add: (preview: Running) => void
  has: (preview: Running) => boolean
}

/** In memory only: after a restart the next interim response tells again. */
export function noteRelayed(get: (id: PreviewId) => Preview | undefined): Relayed {
  const containers = new Map<PreviewId, string>()
  const has = (preview: Running) => containers.get(idOf(preview)) === preview.generation.container
  return {
    has,
    add(preview) {
      for (const id of containers.keys()) {
        const now = get(id)
        if (now?.state !== 'running' || !has(now)) containers.delete(id)
      }
      containers.set(idOf(preview), preview.generation.container)
    },
  }
}
