import type { StoreWatch } from './store-watch.ts'

const MIN_BETWEEN_LOOKS_MS = 50

export interface ThrottledWatch {
  now: () => void
  stop: () => void
}

/** Calls `look` after commits, but not faster than a reader can follow. */
export function watchThrottled(
  changes: Pick<StoreWatch, 'on'>,
  look: () => void,
  { beat, beatMs }: { beat: () => void; beatMs: number },
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
    timer ??= setTimeout(now, Math.max(0, looked + MIN_BETWEEN_LOOKS_MS - performance.now()))
  })
  const beating = setInterval(beat, beatMs)

  return {
    now,
    stop() {
      off()
      clearInterval(beating)
      clearTimeout(timer)
    },
  }
}
