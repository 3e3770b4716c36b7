/** Who was here last: noted in memory at every ask, written to SQLite a few times a second. */
import type { Store } from '../../shared/store/store.ts'

/** @param every how often what was seen is written, milliseconds */
export function noteActivity(store: Pick<Store, 'touch'>, { every }: { every: number }) {
  const seen = new Map<string, number>()
  let written = true
  const write = () => {
    if (seen.size === 0 && written) return
    const batch = [...seen]
    seen.clear()
    // What could not be written the store keeps: it is to try again, though nobody comes any more.
    written = store.touch(batch)
  }
  const timer = setInterval(write, every)
  return {
    /** A person or a program used the preview of this tag. */
    seen: (tag: string, now: number) => void seen.set(tag, now),
    close() {
      clearInterval(timer)
      write()
    },
  }
}
