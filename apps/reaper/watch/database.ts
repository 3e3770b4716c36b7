/** Reads the whole database file now and then, to find damage that no statement has met. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../shared/log.ts'
import type { Store } from '../../shared/store/store.ts'
import { endDamaged } from '../../shared/store/own-store.ts'

const EVERY_MS = 60_000
/** Reading takes at most a thousandth of the time. */
const SHARE = 1_000

/** Ends this process when it finds damage, since no visitor waits for it. */
export async function watchDatabase(
  { store, log }: { store: Pick<Store, 'readAll'>; log: Log },
  signal: AbortSignal,
): Promise<void> {
  for (let pause = EVERY_MS; !signal.aborted;) {
    await sleep(pause, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const began = performance.now()
    const wrong = store.readAll()
    if (wrong !== undefined) endDamaged(wrong, log)
    pause = Math.max(EVERY_MS, (performance.now() - began) * SHARE)
  }
}
