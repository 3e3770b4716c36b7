import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'

/** `exitCode` is null where the container was removed. */
export type Exit = { exitCode: number | null }

export async function waitForExit(engine: Pick<Engine, 'wait'>, container: string, signal: AbortSignal): Promise<Exit> {
  for (;;) {
    try {
      return { exitCode: await engine.wait(container, signal) }
    } catch (error) {
      // A restarted engine drops the request, but the container may still run.
      if (signal.aborted || !(error instanceof EngineError)) throw error
    }
    await sleep(500, undefined, { signal })
  }
}
