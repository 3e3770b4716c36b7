/**
 * Containers that sent an interim answer (RFC 9110, 15.2), which nginx takes for the final one: from then on their route
 * leads through nginx's relay. Known in memory alone: after a restart of the router the next interim answer tells again.
 */
import type { In, Preview } from '../../shared/preview/preview.ts'

type Running = In<'running'>

export interface Relayed {
  add: (preview: Running) => void
  has: (preview: Running) => boolean
}

/** @param get what is known of a tag now: what is kept of containers that serve no more is let go */
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
