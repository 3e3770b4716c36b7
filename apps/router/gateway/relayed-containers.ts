/** nginx takes an interim response (RFC 9110, 15.2) for the final one: such containers go through its relay. */
import type { Up } from './decide.ts'
import { containerOf } from './upstream.ts'

export interface Relayed {
  add: (up: Up) => void
  has: (up: Up) => boolean
}

const MOST = 10_000

/** In memory only: after a restart the next interim response tells again, and so it does for one that was forgotten. */
export function noteRelayed(most = MOST): Relayed {
  const containers = new Set<string>()
  return {
    has: (up) => containers.has(containerOf(up)),
    add(up) {
      containers.add(containerOf(up))
      if (containers.size > most) containers.delete(containers.values().next().value!)
    },
  }
}
