/**
 * Containers of services that were found gone. The queue-processor alone writes their rows: until it has seen to one, no
 * request is sent there. For a while at most, since it may find that there was nothing to do.
 */
import type { ServiceRow } from '../../../shared/stack/service-state.ts'
import { keyOfService } from '../../../shared/store/services.ts'

const NOTED_MS = 5_000

export type LostServices = ReturnType<typeof noteLostServices>

export function noteLostServices(now: () => number = Date.now) {
  const lost = new Map<string, { row: string; until: number }>()
  /** Another one as soon as anything was done about it. */
  const stand = ({ state, since, container }: ServiceRow) => JSON.stringify([state, since, container])
  return {
    note(row: ServiceRow): void {
      for (const [key, { until }] of lost) if (until <= now()) lost.delete(key)
      lost.set(keyOfService(row), { row: stand(row), until: now() + NOTED_MS })
    },

    isLost(row: ServiceRow): boolean {
      const noted = lost.get(keyOfService(row))
      return noted !== undefined && noted.until > now() && noted.row === stand(row)
    },
  }
}
