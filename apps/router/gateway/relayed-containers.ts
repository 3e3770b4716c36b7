/**
 * Containers that sent an interim response (RFC 9110, 15.2), which nginx takes for the final one: their route goes
 * through nginx's relay from then on. Kept in memory only: after a restart the next interim response tells again.
 */
import type { In, Preview } from '../../shared/preview/preview.ts'

type Running = In<'running'>

export interface Relayed {
  add: (preview: Running) => void
  has: (preview: Running) => boolean
}

/** Forgets containers that no longer serve. */
export function noteRelayed(get: (tag: string) => Preview | undefined): Relayed {
  const containers = new Map<string, string>()
  const has = ({ tag, generation }: Running) => containers.get(tag) === generation.container
  return {
    has,
    add(preview) {
      for (const tag of containers.keys()) {
        const now = get(tag)
        if (now?.state !== 'running' || !has(now)) containers.delete(tag)
      }
      containers.set(preview.tag, preview.generation.container)
    },
  }
}
