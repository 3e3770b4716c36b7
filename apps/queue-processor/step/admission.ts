/** Whether the machine's memory has room for one more preview. LOTAN_MAX_RUNNING is the store's to heed. */
import type { Config } from '../../shared/config/config.ts'
import { limitsOf } from '../../shared/config/limits.ts'
import { inWords } from '../../shared/disk-space.ts'
import { memoryOf } from '../../shared/stack/part-limits.ts'
import { stackOfImage } from '../services/stack-of-preview.ts'
import type { Memory } from '../../shared/engine/memory.ts'
import { countsAsRunning, type Preview } from '../../shared/preview/preview.ts'
import { overtakers } from '../../shared/preview/start-queue.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'

type Limits = Pick<Config, 'limits' | 'ceilings' | 'memoryHigh' | 'stackText' | 'stackImages' | 'repositories'>

/**
 * What runs counts with what it takes, which is part of what is not available. What comes up has not taken its memory
 * yet, so its limit counts, as does that of one that is to start before. Where nothing of Lotan's is up there is nothing
 * to wait for: the start is admitted.
 * @param previews all of them, without the one that asks
 */
export function hasRoom(
  asking: Preview,
  previews: readonly Preview[],
  memory: Memory,
  config: Limits,
  now: number,
): boolean {
  if (!previews.some(({ state }) => countsAsRunning(state))) return true
  const coming = [...previews.filter((preview) => isComingUp(preview)), ...overtakers(asking, previews, now)].map(
    (preview) => limitOf(preview, config),
  )
  const taken = memory.total - memory.available + coming.reduce((all, bytes) => all + bytes, 0)
  return taken + limitOf(asking, config) <= memory.total * (config.memoryHigh / 100)
}

/** @returns undefined where it cannot be read, or LOTAN_MEMORY_HIGH_PERCENT is off */
export async function readMemory({ engine, config }: Pick<Dependencies, 'engine' | 'config'>) {
  return config.memoryHigh < 100 ? engine.machineMemory() : undefined
}

/** Notes for the pages whether starts wait for memory. */
export function isAdmitted(
  { store, config, log }: Pick<Dependencies, 'store' | 'config' | 'log'>,
  preview: Preview,
  memory: Memory | undefined,
): boolean {
  const others = store.list().filter((other) => idOf(other) !== idOf(preview))
  const admitted = !memory || hasRoom(preview, others, memory, config, Date.now())
  const wasFull = store.facts.get('memoryFull') ?? false
  if (admitted && wasFull) store.facts.forget('memoryFull')
  if (!admitted && !wasFull) {
    store.facts.set('memoryFull', true)
    log.warn(
      {
        ...logFields(idOf(preview)),
        needs: inWords(limitOf(preview, config)),
        available: inWords(memory.available),
        total: inWords(memory.total),
      },
      'a start waits: the memory of this machine would be above LOTAN_MEMORY_HIGH_PERCENT',
    )
  }
  return admitted
}

function isComingUp(preview: Preview): boolean {
  if (preview.state === 'running') return preview.pending !== null
  return preview.state === 'pulling' || preview.state === 'starting'
}

/** Bytes. Before the image is here its labels are not known. A generation beside one that serves has the services of that one. */
function limitOf(preview: Preview, config: Limits): number {
  const { image } = preview
  const { limits } = limitsOf(image?.labels ?? {}, config)
  const stack = image && stackOfImage({ config }, idOf(preview), image)
  return memoryOf(stack && preview.state === 'running' ? { ...stack, services: [] } : stack, limits, config)
}
