import type { Config } from '../../shared/config/config.ts'
import type { Store } from '../../shared/store/store.ts'

/** Why what is next in line does not start yet. */
export type Full = { of: 'places'; most: number } | { of: 'memory' }

/** @returns null where the next start has its place and its memory */
export function fullOf(
  store: Pick<Store, 'places' | 'facts'>,
  { maxRunning }: Pick<Config, 'maxRunning'>,
): Full | null {
  if (store.places() >= maxRunning) return { of: 'places', most: maxRunning }
  return store.facts.get('memoryFull') ? { of: 'memory' } : null
}

/** `Full: 50 of 50 run; room is made when one is idle.` */
export function fullWords(full: Full): string {
  return full.of === 'places'
    ? `Full: ${full.most} of ${full.most} run; room is made when one is idle.`
    : 'Full: the memory of the server is used; room is made when a preview is idle.'
}
