/** What the engine tells by itself: a container that dies is known at once, not at the next look. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type Engine } from '../shared/engine/engine.ts'
import type { Log } from '../shared/log.ts'
import type { Store } from '../shared/store/store.ts'
import type { openApplyPlan } from './apply-plan.ts'

const FIRST_PAUSE_MS = 200
/** Asking an engine that is away costs nothing, and people wait for it to be back. */
const LONGEST_PAUSE_MS = 1_000

export interface Needs {
  engine: Pick<Engine, 'events'>
  store: Pick<Store, 'get'>
  reap: Pick<ReturnType<typeof openApplyPlan>, 'exited'>
  /** Called whenever the engine is heard again: what happened meanwhile nobody has told. @throws EngineError */
  compare: () => Promise<void>
  log: Log
}

/** Listens until the signal; comes back with back-off and jitter when the engine goes. */
export async function watchEngine({ engine, store, reap, compare, log }: Needs, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      const since = Date.now()
      await compare()
      if (failures > 0) log.info('the engine answers again')
      failures = 0
      for await (const { action, tag, generation } of engine.events(signal, since)) {
        if (action === 'start') continue
        const preview = store.get(tag)
        // Who starts or stops is the queue-processor's business, and so are the deaths that belong to it.
        if (preview?.state !== 'running' && preview?.state !== 'paused' && preview?.state !== 'stopped') continue
        if (preview.generation?.number !== generation) continue
        void reap
          .exited(preview)
          .catch((error: unknown) => log.warn({ err: error, tag }, 'a death could not be looked into'))
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof EngineError)) throw error
      // Said once: an engine that stays away must not fill the disk with it.
      if (failures === 0)
        log.error({ error: error.message }, 'the engine does not answer; start it, or check DOCKER_HOST')
      failures++
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.75 + Math.random() / 2)
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}
