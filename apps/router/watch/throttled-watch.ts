/** Looking at the store again and again while somebody listens: after commits, which come faster than anybody reads. */
import type { StoreWatch } from './store-watch.ts'

/** At most this often. */
const EVERY_MS = 50

export interface ThrottledWatch {
  /** Looks now. */
  now: () => void
  stop: () => void
}

/**
 * Looks after every commit from now on, several commits at once perhaps, until it is stopped.
 *
 * @param beat called every so many milliseconds, whatever happens
 */
export function watchThrottled(
  changes: Pick<StoreWatch, 'on'>,
  look: () => void,
  { beat, every }: { beat: () => void; every: number },
): ThrottledWatch {
  let looked = -Infinity
  let timer: NodeJS.Timeout | undefined

  function now() {
    clearTimeout(timer)
    timer = undefined
    looked = performance.now()
    look()
  }
  const off = changes.on(() => {
    timer ??= setTimeout(now, Math.max(0, looked + EVERY_MS - performance.now()))
  })
  const beating = setInterval(beat, every)

  return {
    now,
    stop() {
      off()
      clearInterval(beating)
      clearTimeout(timer)
    },
  }
}
