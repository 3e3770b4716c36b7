import type { Response } from 'express'
import type { RouterContext } from '../../context.ts'
import { watchThrottled, type ThrottledWatch } from '../../watch/throttled-watch.ts'
import { sendProblem } from '../../api/conventions/problem.ts'
import type { Config } from '../../../shared/config/config.ts'
import { fullOf } from '../../words/full-words.ts'
import { besideOf, type StackConfig } from '../../services/beside.ts'
import { startStatusOf } from './status.ts'
import { logFields, type PreviewId } from '../../../shared/preview/preview-id.ts'

/** The page takes 20 s of silence for a broken stream. */
const HEARTBEAT_MS = 10_000
/** Each stream takes two of nginx's connections, and any visitor may open them. */
const MAX_STREAMS = 1_000
/** A slower reader is cut off: it reconnects and gets the current status. */
const MAX_BEHIND_BYTES = 100_000

/** All streams share one look at the store, and the streams of a preview one message. */
export function openStartStatusStreams(
  {
    store,
    changes,
    waiters,
    config,
  }: Pick<RouterContext, 'store' | 'changes' | 'waiters'> & { config: Pick<Config, 'maxRunning'> & StackConfig },
  limit = MAX_STREAMS,
) {
  /** `key` is the last message without `soFar`, which the page counts on by itself. */
  const previews = new Map<PreviewId, { key: string; streams: Set<Response> }>()
  let open = 0
  let watch: ThrottledWatch | undefined

  function look() {
    const recentDurations = store.lately()
    for (const [id, known] of previews) {
      const { key, frame } = told(id, recentDurations)
      if (key === known.key) continue
      known.key = key
      for (const res of known.streams) write(res, frame)
    }
  }

  function told(id: PreviewId, recentDurations = store.lately()) {
    const preview = changes.preview(id)
    const now = Date.now()
    const ahead = preview?.state === 'queued' ? store.ahead(preview, now) : 0
    const full = preview?.state === 'queued' ? fullOf(store, config, now) : null
    const missing = store.missing(id, now) !== undefined
    const standing = store.standing(id, now).is
    const beside = besideOf(id, preview, { store, config })
    const told = startStatusOf(preview, { id, beside, ahead, full, missing, standing, recentDurations, now })
    return { key: JSON.stringify({ ...told, soFar: 0 }), frame: `data: ${JSON.stringify(told)}\n\n` }
  }

  function sendAll() {
    for (const known of previews.values()) known.key = ''
    watch?.now()
  }

  return {
    stream(id: PreviewId, res: Response, { isPerson }: { isPerson: boolean }) {
      // The page reloads itself after this long, and so shows the status without a stream.
      if (open >= limit)
        return sendProblem(
          res.set('Retry-After', '3'),
          'too-many-streams',
          'As many as this server can tell are listening.',
          logFields(id),
        )
      watch ??= watchThrottled(changes, look, { beat: sendAll, beatMs: HEARTBEAT_MS })
      open++
      const leave = isPerson ? waiters.comes(id, 'person') : undefined
      // The preview's other streams get it at the next look.
      const { key, frame } = told(id)
      const known = previews.get(id) ?? { key, streams: new Set<Response>() }
      previews.set(id, known)
      known.streams.add(res)
      res.on('close', () => {
        known.streams.delete(res)
        if (known.streams.size === 0) previews.delete(id)
        open--
        leave?.()
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
