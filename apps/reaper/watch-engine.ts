/** What the engine tells by itself: a container that dies is known at once, not at the next look. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../shared/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Store } from '../shared/store.ts'
import type { openReap } from './reap.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

export interface Parts {
  engine: Pick<Engine, 'events' | 'version'>
  store: Pick<Store, 'get'>
  reap: Pick<ReturnType<typeof openReap>, 'exited'>
  /** Called whenever the engine is heard again: what happened meanwhile nobody has told. */
  compare: () => void
  log: Log
}

/** Listens until the signal; comes back with back-off and jitter when the engine goes. */
export async function watchEngine({ engine, store, reap, compare, log }: Parts, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      await engine.version()
      if (failures > 0) log.info('the engine answers again')
      failures = 0
      const events = engine.events(signal)
      compare()
      for await (const { action, tag, generation } of events) {
        if (action === 'start') continue
        const preview = store.get(tag)
        if (preview?.state !== 'running' || preview.generation.number !== generation) continue
        await reap
          .exited(preview)
          .catch((error: unknown) => log.warn({ err: error, tag }, 'a death could not be looked into'))
      }
    } catch (error) {
      // Said once: an engine that stays away must not fill the disk with it.
      if (failures === 0 && !signal.aborted)
        log.error({ error: (error as Error).message }, 'the engine does not answer; start it, or check DOCKER_HOST')
      failures++
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.75 + Math.random() / 2)
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}
