import type { Preview } from '../../shared/preview/preview.ts'
import { generationOf } from '../../shared/preview/preview.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { Dependencies } from '../dependencies.ts'

/**
 * What runs stands still, and its visitors wait for the wake. A Lotan that ends in between finds it frozen, and the next
 * visit wakes it. @returns for how long it stood still, milliseconds; 0 where it did not run
 */
export async function whileFrozen(
  { store, engine }: Pick<Dependencies, 'store' | 'engine'>,
  preview: Preview,
  container: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const generation = generationOf(preview)?.number
  if (preview.state !== 'running' || generation === undefined) return work().then(() => 0)
  const id = idOf(preview)
  store.apply(id, { type: 'freeze', generation })
  const began = performance.now()
  try {
    await engine.pause(container)
    await work()
  } finally {
    await engine.unpause(container)
    store.apply(id, { type: 'woken', generation })
  }
  return performance.now() - began
}
