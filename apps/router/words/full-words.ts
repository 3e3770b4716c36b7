import type { Config } from '../../shared/config/config.ts'
import { countsAsRunning, isPinned } from '../../shared/preview/preview.ts'
import type { Store } from '../../shared/store/store.ts'

/** Why what is next in line does not start yet. */
export type Full = { of: 'places' | 'pins'; most: number } | { of: 'memory' }

/** @returns null where the next start has its place and its memory */
export function fullOf(
  store: Pick<Store, 'places' | 'list' | 'facts'>,
  { maxRunning }: Pick<Config, 'maxRunning'>,
  now = Date.now(),
): Full | null {
  if (store.places() >= maxRunning) {
    const pinned = store.list().filter((preview) => countsAsRunning(preview.state) && isPinned(preview, now))
    return { of: pinned.length >= maxRunning ? 'pins' : 'places', most: maxRunning }
  }
  return store.facts.get('memoryFull') ? { of: 'memory' } : null
}

/** `Full: 50 of 50 run; room is made when one is idle.` */
export function fullWords(full: Full): string {
  switch (full.of) {
    case 'places':
      return `Full: ${full.most} of ${full.most} run; room is made when one is idle.`
    case 'pins':
      return `Full: ${full.most} of ${full.most} run, and all are pinned; a person has to unpin or stop one.`
    case 'memory':
      return 'Full: the memory of the server is used; room is made when a preview is idle.'
  }
}
