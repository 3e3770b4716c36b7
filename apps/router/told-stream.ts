/** The progress of one preview as server-sent events, for its waiting page. */
import type { Response } from 'express'
import type { Store } from '../shared/store.ts'
import type { Changes } from './changes.ts'
import { tell } from './told.ts'

/** The page takes a silence of 20 s for a stream that is broken. */
const HEARTBEAT_MS = 10_000

/** Streams what there is to tell, whenever it is something else than before, until the visitor leaves. */
export function streamTold(tag: string, { store, changes }: { store: Store; changes: Changes }, res: Response) {
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
  // The browser comes back after half a second, should the router be restarted.
  res.write('retry: 500\n\n')
  let last = ''
  const send = () => {
    const preview = store.get(tag)
    const now = Date.now()
    const told = tell(preview, {
      tag,
      ahead: preview?.state === 'queued' ? store.ahead(preview) : 0,
      missing: store.missing(tag, now) !== undefined,
      lately: store.lately(),
      now,
    })
    // `soFar` moves by itself: the page counts it.
    const key = JSON.stringify({ ...told, soFar: 0 })
    if (key === last) return
    last = key
    res.write(`data: ${JSON.stringify(told)}\n\n`)
  }
  const off = changes.on(send)
  const heartbeat = setInterval(() => {
    last = ''
    send()
  }, HEARTBEAT_MS)
  res.on('close', () => {
    off()
    clearInterval(heartbeat)
  })
  send()
}
