/** Damage in the database that no statement has met: the whole file is read for it now and then. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../shared/log.ts'
import type { Store } from '../shared/store/store.ts'
import { endDamaged } from '../shared/store/own-store.ts'

const EVERY_MS = 60_000
/** A large file is read more rarely: reading takes a thousandth of the time at most. */
const SHARE = 1_000

/** Reads it until the signal. This process, which keeps nobody waiting, ends where it finds damage. */
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
