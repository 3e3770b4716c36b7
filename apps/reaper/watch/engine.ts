/** Listens to the engine's events, so that a container's death is known at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import type { Nudges } from '../../shared/queue.ts'
import type { Store } from '../../shared/store/store.ts'
import type { openApplyPlan } from '../apply-plan.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'

const FIRST_PAUSE_MS = 200
/** A failed connection costs nothing, and visitors wait for the engine. */
const LONGEST_PAUSE_MS = 1_000

export interface Dependencies {
  engine: Pick<Engine, 'events'>
  store: Pick<Store, 'get' | 'sandboxes'>
  reap: Pick<ReturnType<typeof openApplyPlan>, 'checkExit'>
  nudges: Pick<Nudges, 'tend'>
  /** Called after each connect, since events in between are lost. @throws EngineError */
  compare: () => Promise<void>
  log: Log
}

export async function watchEngine(
  { engine, store, reap, nudges, compare, log }: Dependencies,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      const since = Date.now()
      await compare()
      if (failures > 0) log.info('the engine answers again')
      failures = 0
      for await (const event of engine.events(signal, since)) {
        if (event.action === 'start') continue
        if (event.service !== undefined) {
          // Else the queue-processor has ended it, or handles its end.
          if (store.get(event.preview)?.state === 'running') void nudges.tend(event.preview)
          continue
        }
        const id = event.sandbox === undefined ? event.preview : store.sandboxes.get(event.sandbox)?.preview
        const preview = id && store.get(id)
        // The queue-processor handles deaths during a start or a stop itself.
        if (preview?.state !== 'running' && preview?.state !== 'paused' && preview?.state !== 'stopped') continue
        const { number, sandbox } = preview.generation ?? {}
        if (event.sandbox === undefined ? number !== event.generation : sandbox !== event.sandbox) continue
        void reap
          .checkExit(preview)
          .catch((error: unknown) =>
            log.warn({ err: error, ...logFields(idOf(preview)) }, 'a container that ended could not be inspected'),
          )
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof EngineError)) throw error
      // Logged once per outage.
      if (failures === 0)
        log.error({ error: error.message }, 'the engine does not answer; start it, or check DOCKER_HOST')
      failures++
    }
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.75 + Math.random() / 2)
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}
