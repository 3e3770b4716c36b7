/** `preview` carries a view; `removed` carries what named a preview that is gone. */
import type { Response } from 'express'
import type { ApiEvent } from '../../shared/api/event.ts'
import type { PreviewJson } from '../../shared/api/preview.ts'
import type { StoreWatch } from '../watch/store-watch.ts'
import { watchThrottled, type ThrottledWatch } from '../watch/throttled-watch.ts'
import { idOf, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

const HEARTBEAT_MS = 15_000
/** Visits move `lastSeen` all the time; streams hear of it this often. */
const LAST_SEEN_EVERY_MS = 5_000
/** A reader further behind is cut off: it reconnects, and gets the current views. */
const MAX_BEHIND_BYTES = 4_000_000

interface Told {
  key: string
  frame: string
}

/** One look at the store serves all streams. */
export function openEvents(changes: Pick<StoreWatch, 'on'>, views: () => PreviewJson[]) {
  const streams = new Map<Response, (id: PreviewId) => boolean>()
  // By the ids that views show.
  let told = new Map<PreviewId, Told>()
  let looking: ThrottledWatch | undefined

  function look() {
    const frames = new Map<PreviewId, string>()
    const now = new Map(
      views().map((view) => [idOf(view), { key: keyOf(view), frame: frameOf({ event: 'preview', data: view }) }]),
    )
    for (const [id, { key, frame }] of now) {
      const before = told.get(id)
      if (before?.key !== key) frames.set(id, frame)
      else now.set(id, before)
    }
    for (const id of told.keys()) if (!now.has(id)) frames.set(id, frameOf({ event: 'removed', data: splitId(id) }))
    told = now
    if (frames.size === 0) return
    for (const [res, takes] of streams) write(res, textOf(frames, takes))
  }

  function beat() {
    for (const res of streams.keys()) write(res, ': still here\n\n')
  }

  return {
    /** Sends the current views, then what changes, of the previews that it takes, until the client leaves. */
    stream(res: Response, takes: (id: PreviewId) => boolean) {
      res.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' })
      if (res.req.method === 'HEAD') return res.end()
      looking ??= watchThrottled(changes, look, { beat, beatMs: HEARTBEAT_MS })
      // The earlier streams get what is new first: from here on all continue from the same state.
      looking.now()
      streams.set(res, takes)
      res.on('close', () => {
        streams.delete(res)
        if (streams.size > 0) return
        looking?.stop()
        looking = undefined
        told = new Map()
      })
      const frames = new Map(Array.from(told, ([id, { frame }]) => [id, frame]))
      return write(res, `retry: 1000\n\n${textOf(frames, takes)}`)
    },
  }
}

function textOf(frames: ReadonlyMap<PreviewId, string>, takes: (id: PreviewId) => boolean): string {
  return Array.from(frames, ([id, frame]) => (takes(id) ? frame : '')).join('')
}

function write(res: Response, text: string) {
  if (!text) return
  res.write(text)
  if (res.writableLength > MAX_BEHIND_BYTES) res.destroy()
}

function frameOf({ event, data }: ApiEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

function keyOf({ lastSeen, ...rest }: PreviewJson): string {
  return JSON.stringify([rest, lastSeen && Math.floor(Date.parse(lastSeen) / LAST_SEEN_EVERY_MS)])
}
