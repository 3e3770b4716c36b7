/** The progress of previews as server-sent events, for their waiting pages. */
import type { RouterContext } from '../context.ts'
import type { Response } from 'express'
import { watchThrottled, type ThrottledWatch } from '../watch/throttled-watch.ts'
import { sendProblem } from '../api/problem.ts'
import { startStatusOf } from './start-status.ts'

/** The page takes a silence of 20 s for a stream that is broken. */
const HEARTBEAT_MS = 10_000
/** As many may listen: each takes two of nginx's connections, and anybody may open them. */
const MOST = 1_000
/** A reader that is this far behind is cut off: it comes back and is told how things are by then. */
const MAX_BEHIND_BYTES = 100_000

/** Many streams, one look at the store for all of them, and one telling for all of a tag. */
export function openStartStatusStreams({ store, changes }: Pick<RouterContext, 'store' | 'changes'>, most = MOST) {
  /** Who listens, by tag, and what they were told last, but for what moves by itself. */
  const tags = new Map<string, { key: string; streams: Set<Response> }>()
  let open = 0
  let looking: ThrottledWatch | undefined

  function look() {
    const lately = store.lately()
    for (const [tag, known] of tags) {
      const { key, frame } = told(tag, lately)
      if (key === known.key) continue
      known.key = key
      for (const res of known.streams) write(res, frame)
    }
  }

  function told(tag: string, lately = store.lately()) {
    const preview = changes.preview(tag)
    const now = Date.now()
    const ahead = preview?.state === 'queued' ? store.ahead(preview) : 0
    const missing = store.missing(tag, now) !== undefined
    const told = startStatusOf(preview, { tag, ahead, missing, lately, now })
    // `soFar` moves by itself: the page counts it.
    return { key: JSON.stringify({ ...told, soFar: 0 }), frame: `data: ${JSON.stringify(told)}\n\n` }
  }

  /** Tells everybody, news or not. */
  function beat() {
    for (const known of tags.values()) known.key = ''
    looking?.now()
  }

  return {
    /** Streams what there is to tell, whenever it is something else than before, until the visitor leaves. */
    stream(tag: string, res: Response) {
      // The page loads itself again after as long, which shows it how things are without a stream.
      if (open >= most)
        return sendProblem(res.set('Retry-After', '3'), 503, 'As many as this server can tell are listening.', { tag })
      looking ??= watchThrottled(changes, look, { beat, every: HEARTBEAT_MS })
      open++
      // Those who listen already are told at the next look; who comes now is told as things are now.
      const { key, frame } = told(tag)
      const known = tags.get(tag) ?? { key, streams: new Set<Response>() }
      tags.set(tag, known)
      known.streams.add(res)
      res.on('close', () => {
        known.streams.delete(res)
        if (known.streams.size === 0) tags.delete(tag)
        open--
        if (open > 0) return
        looking?.stop()
        looking = undefined
      })
      res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
      // The browser comes back after half a second, should the router be restarted.
      return write(res, `retry: 500\n\n${frame}`)
    },
  }
}

function write(res: Response, text: string) {
  res.write(text)
  if (res.writableLength > MAX_BEHIND_BYTES) res.destroy()
}
