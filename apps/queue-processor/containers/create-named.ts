import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, type CreateOptions } from '../../shared/engine/engine.ts'
import type { Dependencies } from '../dependencies.ts'

/** How long to wait for a container of the same name whose removal is under way. */
const NAME_MS = 5_000
const NAME_AGAIN_MS = 50

/** Its name carries the instance, so no other program owns a container that has it. */
export async function createNamed(
  { engine, log }: Pick<Dependencies, 'engine' | 'log'>,
  options: CreateOptions,
): Promise<string> {
  const name = options.name!
  for (const end = Date.now() + NAME_MS; ; await sleep(NAME_AGAIN_MS)) {
    try {
      return await engine.create(options)
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'taken' || Date.now() >= end) throw error
    }
    // Left by an interrupted start, or under removal.
    await engine.remove(name)
    log.info({ container: name }, 'stray container of the same name removed')
  }
}
