/**
 * Containers that sent an interim response (RFC 9110, 15.2), which nginx takes for the final one: their route goes
 * through nginx's relay from then on. Kept in memory only: after a restart the next interim response tells again.
 */
import type { In, Preview } from '../../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'

type Running = In<'running'>

export interface Relayed {
  add: (preview: Running) => void
  has: (preview: Running) => boolean
}

/** Forgets containers that no longer serve. */
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
