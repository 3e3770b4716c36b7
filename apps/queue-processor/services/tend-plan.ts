/** What is due with the services of a preview that runs. Pure. */
import type { ServiceContainer } from '../../shared/engine/engine.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { FORGIVEN_MS, restAfter } from './coming-up.ts'

export type Care =
  /** It runs as it should, whatever its row says. */
  | { do: 'runs'; container: string }
  | { do: 'wake'; container: string }
  /** It has ended: it is started again at that time, milliseconds since 1970. */
  | { do: 'rest'; crashes: number; until: number }
  | { do: 'start' }

/** @param found its container; undefined where it is gone @returns undefined where nothing is due */
export function careOf(
  row: ServiceRow,
  found: Pick<ServiceContainer, 'id' | 'status'> | undefined,
  now: number,
): Care | undefined {
  // One that waits is of a newer stack, which comes with the next start.
  if (row.state === 'done' || row.state === 'waiting') return undefined
  if (found?.status === 'running') {
    const isKnown = row.state === 'running' && row.container === found.id
    return isKnown ? undefined : { do: 'runs', container: found.id }
  }
  if (found?.status === 'paused') return { do: 'wake', container: found.id }
  if (row.state === 'restarting' && row.restartAt !== null) {
    // One that lies further ahead was reckoned by a clock that was ahead.
    const isDue = row.restartAt <= now || row.restartAt - now > restAfter(row.crashes)
    return isDue ? { do: 'start' } : undefined
  }
  const crashes = now - row.since >= FORGIVEN_MS ? 1 : row.crashes + 1
  return { do: 'rest', crashes, until: now + restAfter(crashes) }
}
