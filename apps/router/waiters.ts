/** Who waits for a preview now: its start goes before others (start-queue.ts). */
import { comesUp, type Preview, type Waiter } from '../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../shared/preview/preview-id.ts'
import { CLICK_MS, waiterOf } from '../shared/preview/start-queue.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'
import type { StoreWatch } from './watch/store-watch.ts'

type Who = Waiter['who']

export type Waiters = ReturnType<typeof noteWaiters>

/** A page that reloads is away for a moment. */
const LEFT_MS = 2_000

/** @param options.everyMs how often who still waits is noted anew: less than half of CLICK_MS */
export function noteWaiters(
  {
    store,
    nudges,
    changes,
  }: { store: Pick<Store, 'waiters'>; nudges: Pick<Nudges, 'nudge'>; changes: Pick<StoreWatch, 'preview'> },
  { everyMs }: { everyMs: number },
) {
  const waiting = new Map<PreviewId, Record<Who, number>>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function note(id: PreviewId, who: Who, now: number) {
    const preview = changes.preview(id)
    if (!preview || !comesUp(preview)) return
    const known = waiterOf(preview, now)
    if (known === 'person' && who === 'program') return
    const isFresh = known === who && preview.waiter!.until - now > CLICK_MS / 2
    if (!isFresh) write(preview, { who, until: now + CLICK_MS }, known)
  }

  function write(preview: Preview, waiter: Waiter, known: Who | null) {
    store.waiters([[idOf(preview), waiter]])
    // A person's pull has a lane of its own.
    if (waiter.who === 'person' && known !== 'person') void nudges.nudge({ ...preview, waiter })
  }

  function renew() {
    for (const [id, counts] of waiting) note(id, highestOf(counts)!, Date.now())
  }

  function leave(id: PreviewId, who: Who) {
    const counts = waiting.get(id)!
    counts[who]--
    const left = highestOf(counts)
    if (!left) waiting.delete(id)
    if (waiting.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
    // Connections end after the database is closed.
    if (closed) return
    const now = Date.now()
    const preview = changes.preview(id)
    // Mostly it is up, which is why they leave.
    if (preview?.state !== 'queued' || left === who || waiterOf(preview, now) !== who) return
    store.waiters([[id, left ? { who: left, until: now + CLICK_MS } : { who, until: now + LEFT_MS }]])
  }

  return {
    /** @returns to be called once when it waits no more */
    comes(id: PreviewId, who: Who): () => void {
      const counts = waiting.get(id) ?? { person: 0, program: 0 }
      waiting.set(id, counts)
      counts[who]++
      timer ??= setInterval(renew, everyMs)
      note(id, who, Date.now())
      return () => leave(id, who)
    },

    /** A page was asked for, which comes again by itself. */
    passes: (id: PreviewId): void => note(id, 'person', Date.now()),

    close(): void {
      closed = true
      clearInterval(timer)
    },
  }
}

function highestOf({ person, program }: Record<Who, number>): Who | undefined {
  if (person > 0) return 'person'
  return program > 0 ? 'program' : undefined
}
