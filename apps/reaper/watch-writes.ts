/** Measures what previews write to the disk, and kills those that exceed their limit or fill the disk. */
import type { ReaperContext } from './context.ts'
import { inWords, type Disk, type Written } from '../shared/disk-space.ts'
import { EngineError } from '../shared/engine/engine.ts'
import { bytesOf } from '../shared/config/values/amount.ts'
import * as written from './writes.ts'
import type { Filler, Look, Writer } from './writes.ts'

const AT_A_TIME = 8
/** How long eviction waits for the measurement: the preview that fills the disk goes before others. */
const WAIT_MS = 500
const NEWS = 1e6

export function watchWrites({
  config,
  engine,
  store,
  nudges,
  log,
}: Pick<ReaperContext, 'config' | 'engine' | 'store' | 'nudges' | 'log'>) {
  const looks = new Map<string, Look[]>()
  const looking = new Map<string, Promise<void>>()
  let lost = 0
  let before: Disk | undefined
  let noted: Record<string, number> = {}

  async function look(writer: Writer): Promise<void> {
    const { tag, container, runs } = writer
    const at = Date.now()
    const lostBy = lost
    try {
      // A byte above the limit is enough to know.
      const bytes = await engine.written(container, bytesOf(writer.limit)!)
      if (bytes === undefined) return
      const seen = { at, took: Date.now() - at, bytes, lost: lostBy, ran: runs }
      looks.set(container, written.keepLately([...(looks.get(container) ?? []), seen], at))
      const filler = written.overLimit(writer, seen)
      if (filler) await end(filler)
    } catch (error) {
      // watch-engine.ts reports that the engine is down.
      if (!(error instanceof EngineError)) log.warn({ tag, err: error }, 'what a preview wrote could not be looked at')
    }
  }

  async function end({ writer: { tag, generation }, limit, bytes }: Filler): Promise<void> {
    const detail = limit === null ? wroteLately(bytes) : `it has written more than ${limit}`
    const reason = { code: 'disk-over' as const, detail, ...(limit !== null && { limit }) }
    const preview = store.apply(tag, { type: 'diskOver', generation, reason })
    if (!preview) return
    log.warn({ tag, generation, limit, bytes, detail }, 'a preview fills the disk: it is ended')
    // The wake lane has no slow jobs.
    await nudges.nudge(preview, 'wake')
  }

  function wroteLately(bytes: number): string {
    return `it has written ${inWords(bytes)} within a minute, ${inWords(before?.free ?? 0)} are free on the engine's disk`
  }

  function note(writers: Writer[]) {
    const sums: Record<string, number> = {}
    for (const { tag, container } of writers) {
      const bytes = looks.get(container)?.at(-1)?.bytes
      if (bytes !== undefined) sums[tag] = (sums[tag] ?? 0) + bytes
    }
    // An eviction for this little would free nothing.
    for (const [tag, bytes] of Object.entries(sums)) if (bytes < NEWS) delete sums[tag]
    const tags = new Set([...Object.keys(sums), ...Object.keys(noted)])
    const isNews = [...tags].some((tag) => Math.abs((sums[tag] ?? 0) - (noted[tag] ?? 0)) >= NEWS)
    if (isNews && store.noteWritten(sums)) noted = sums
  }

  return {
    /** @returns `hurry` when the disk fills fast and has to be looked at again soon */
    async look(disk: Disk | undefined): Promise<{ written: Written; hurry: boolean }> {
      const now = Date.now()
      const fell = disk && before ? written.lostBetween(before, disk) : 0
      lost += fell
      before = disk
      const writers = store.list().flatMap((preview) => written.writersOf(preview, config))
      forget(writers)
      const due = writers
        .filter(({ container }) => !looking.has(container))
        .filter((writer) => written.isDue(writer, looks.get(writer.container)?.at(-1), { lost, disk }, now))
        .sort((a, b) => tookOf(a) - tookOf(b))
        .slice(0, Math.max(0, AT_A_TIME - looking.size))
      const begun = due.map((writer) => {
        const done = look(writer).finally(() => looking.delete(writer.container))
        looking.set(writer.container, done)
        return done
      })
      if (begun.length > 0) await orLater(Promise.all(begun))
      if (disk) {
        const known = writers.map((writer) => ({ writer, looks: looks.get(writer.container) ?? [] }))
        for (const filler of written.fillers(known, { disk, high: config.disk.high })) await end(filler)
      }
      note(writers)
      return { written: noted, hurry: disk !== undefined && fell * 4 >= disk.free }
    },
  }

  function tookOf({ container }: Writer): number {
    return looks.get(container)?.at(-1)?.took ?? 0
  }

  function forget(writers: Writer[]) {
    const there = new Set(writers.map(({ container }) => container))
    for (const container of looks.keys()) if (!there.has(container)) looks.delete(container)
  }
}

async function orLater(done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => (timer = setTimeout(resolve, WAIT_MS)))
  await Promise.race([done, late])
  clearTimeout(timer)
}
