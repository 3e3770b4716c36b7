/** Start statuses as server-sent events, for the waiting pages. */
import type { Response } from 'express'
import type { RouterContext } from '../context.ts'
import { watchThrottled, type ThrottledWatch } from '../watch/throttled-watch.ts'
import { sendProblem } from '../api/problem.ts'
import { startStatusOf } from './start-status.ts'

/** The page takes 20 s of silence for a broken stream. */
const HEARTBEAT_MS = 10_000
/** Each stream takes two of nginx's connections, and any visitor may open them. */
const MAX_STREAMS = 1_000
/** A slower reader is cut off: it reconnects and gets the current status. */
const MAX_BEHIND_BYTES = 100_000

/** All streams share one look at the store, and the streams of a tag one message. */
export function openStartStatusStreams(
  { store, changes }: Pick<RouterContext, 'store' | 'changes'>,
  limit = MAX_STREAMS,
) {
  /** `key` is the last message without what changes by itself. */
  const tags = new Map<string, { key: string; streams: Set<Response> }>()
  let open = 0
  let watch: ThrottledWatch | undefined

  function look() {
    const recentDurations = store.lately()
    for (const [tag, known] of tags) {
      const { key, frame } = told(tag, recentDurations)
      if (key === known.key) continue
      known.key = key
      for (const res of known.streams) write(res, frame)
    }
  }

  function told(tag: string, recentDurations = store.lately()) {
    const preview = changes.preview(tag)
    const now = Date.now()
    const ahead = preview?.state === 'queued' ? store.ahead(preview) : 0
    const missing = store.missing(tag, now) !== undefined
    const told = startStatusOf(preview, { tag, ahead, missing, recentDurations: recentDurations, now })
    // The page counts `soFar` on by itself.
    return { key: JSON.stringify({ ...told, soFar: 0 }), frame: `data: ${JSON.stringify(told)}\n\n` }
  }

  function sendAll() {
    for (const known of tags.values()) known.key = ''
    watch?.now()
  }

  return {
    /** Streams the status whenever it changes, until the visitor leaves. */
    stream(tag: string, res: Response) {
      // The page reloads itself after this long, and so shows the status without a stream.
      if (open >= limit)
        return sendProblem(res.set('Retry-After', '3'), 503, 'As many as this server can tell are listening.', { tag })
      watch ??= watchThrottled(changes, look, { beat: sendAll, every: HEARTBEAT_MS })
      open++
      // The tag's other streams get it at the next look.
      const { key, frame } = told(tag)
      const known = tags.get(tag) ?? { key, streams: new Set<Response>() }
      tags.set(tag, known)
      known.streams.add(res)
      res.on('close', () => {
        known.streams.delete(res)
        if (known.streams.size === 0) tags.delete(tag)
        open--
        if (open > 0) return
        watch?.stop()
        watch = undefined
      })
      res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
      // After a restart of the router the browser reconnects within half a second.
      return write(res, `retry: 500\n\n${frame}`)
    },
  }
}

function write(res: Response, text: string) {
  res.write(text)
  if (res.writableLength > MAX_BEHIND_BYTES) res.destroy()
}
