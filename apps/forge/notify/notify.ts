/**
 * Tells LOTAN_NOTIFY_URL what became of previews. The history is the queue: what was not told when this process ended is
 * told by the next one. Those of one preview go in order, those of several side by side.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { App } from '../../shared/app.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { HistoryRow } from '../../shared/store/store.ts'
import { hostOf } from '../../shared/tag.ts'
import { newsOf, type News } from './news.ts'
import { send } from './send.ts'

const LOOK_MS = 100
/** Rows that are read ahead: so many are remembered at most. */
const AHEAD = 500
const AT_ONCE = 8
/** Older news is not sent. */
const FRESH_MS = 60 * 60_000

export async function notify({ config, store, log, signal }: App, to: NonNullable<Config['notifyUrl']>): Promise<void> {
  // A Lotan that begins to notify does not tell its past.
  const before = store.facts.get('notified') ?? { upTo: store.lastChange(), done: [] }
  let { upTo } = before
  const told = new Set(before.done)
  const sending = new Map<PreviewId, Promise<void>>()
  let seen: number | undefined
  note()

  function note() {
    store.facts.set('notified', { upTo, done: [...told] })
  }

  async function tell(row: HistoryRow, news: News) {
    const wrong = await send(to, { body: JSON.stringify(news), secret: config.hookSecret, delivery: row.id }, signal)
    // What this process's end has cut short, the next one tells.
    if (wrong !== undefined && signal.aborted) return
    if (wrong !== undefined)
      log.warn({ ...logFields(idOf(row)), event: news.event, error: wrong }, 'LOTAN_NOTIFY_URL could not be told')
    told.add(keyOf(row))
    note()
  }

  function newsIn(row: HistoryRow, now: number): News | undefined {
    if (now - row.at > FRESH_MS || told.has(keyOf(row))) return undefined
    return newsOf(row, urlOf(hostOf(idOf(row), config), config))
  }

  /** Those behind the last that is known to be done. @returns whether there may be more */
  function step(): boolean {
    const now = Date.now()
    const rows = store.historyAfter(upTo, AHEAD)
    const waiting = rows.map((row) => ({ row, news: newsIn(row, now) }))
    for (const { row, news } of waiting) {
      const id = idOf(row)
      if (!news || sending.has(id) || sending.size >= AT_ONCE) continue
      const sent = tell(row, news).finally(() => {
        sending.delete(id)
        seen = undefined
      })
      sending.set(id, sent)
    }
    const first = waiting.findIndex(({ news }) => news)
    const done = first < 0 ? rows : rows.slice(0, first)
    const isFull = done.length === AHEAD
    // A row that has come to no container may go, and leave its id to the next one.
    const last = isFull ? done.at(-1) : done.findLast(({ generation }) => generation !== null)
    if (!last) return false
    upTo = last.id
    for (const row of done) if (row.id <= last.id) told.delete(keyOf(row))
    note()
    return isFull
  }

  while (!signal.aborted) {
    const version = store.version()
    if (version !== seen) {
      seen = version
      while (step());
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
  await Promise.allSettled(sending.values())
}

function keyOf({ id, at }: HistoryRow): string {
  return `${id}/${at}`
}
