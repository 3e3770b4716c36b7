/** Measures what previews write to the disk, and kills those that exceed their limit or fill the disk. */
import type { ReaperContext } from '../context.ts'
import { inWords, type Disk, type Written } from '../../shared/disk-space.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import * as written from '../writes.ts'
import type { DiskFiller, FirstSight, Measurement, Writer } from '../writes.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

const AT_A_TIME = 8
/** How long eviction waits for the measurement: the preview that fills the disk goes before others. */
const WAIT_MS = 500
const MIN_CHANGE = 1e6

export function watchWrites({
  config,
  engine,
  store,
  nudges,
  log,
}: Pick<ReaperContext, 'config' | 'engine' | 'store' | 'nudges' | 'log'>) {
  const measurements = new Map<string, Measurement[]>()
  const measuring = new Map<string, Promise<void>>()
  const firstSeen = new Map<string, FirstSight>()
  let lost = 0
  let before: Disk | undefined
  let recorded: Record<PreviewId, number> = {}

  async function measure(writer: Writer): Promise<void> {
    const { container, runs } = writer
    const at = Date.now()
    const lostBy = lost
    try {
      // A byte above the limit is enough to know.
      const bytes = await engine.written(container, bytesOf(writer.limit)!)
      if (bytes === undefined) return
      const seen = { at, took: Date.now() - at, bytes, lost: lostBy, ran: runs }
      measurements.set(container, written.keepRecent([...(measurements.get(container) ?? []), seen], at))
      const filler = written.overLimit(writer, seen)
      if (filler) await kill(filler)
    } catch (error) {
      // watch/engine.ts reports that the engine is down.
      if (!(error instanceof EngineError))
        log.warn({ ...logFields(writer.preview), err: error }, 'the files of a preview could not be measured')
    }
  }

  async function kill({ writer: { preview: id, generation }, limit, bytes }: DiskFiller): Promise<void> {
    const detail = limit === null ? recentWritesText(bytes) : `it has written more than ${limit}`
    const reason = { code: 'disk-over' as const, detail, ...(limit !== null && { limit }) }
    const preview = store.apply(id, { type: 'diskOver', generation, reason })
    if (!preview) return
    log.warn({ ...logFields(id), generation, limit, bytes, detail }, 'a preview fills the disk: killing it')
    // The wake lane has no slow jobs.
    await nudges.nudge(preview, 'wake')
  }

  function recentWritesText(bytes: number): string {
    return `it has written ${inWords(bytes)} within a minute, ${inWords(before?.free ?? 0)} are free on the engine's disk`
  }

  function record(writers: Writer[]) {
    const sums: Record<PreviewId, number> = {}
    for (const { preview, container } of writers) {
      const bytes = measurements.get(container)?.at(-1)?.bytes
      if (bytes !== undefined) sums[preview] = (sums[preview] ?? 0) + bytes
    }
    // An eviction for this little would free nothing.
    for (const [id, bytes] of Object.entries(sums)) if (bytes < MIN_CHANGE) delete sums[id]
    const ids = new Set([...Object.keys(sums), ...Object.keys(recorded)])
    const isNews = [...ids].some((id) => Math.abs((sums[id] ?? 0) - (recorded[id] ?? 0)) >= MIN_CHANGE)
    if (isNews && store.noteWritten(sums)) recorded = sums
  }

  return {
    /** @returns `hurry` when the disk fills fast and has to be looked at again soon */
    async look(disk: Disk | undefined): Promise<{ written: Written; hurry: boolean }> {
      const now = Date.now()
      const lostNow = disk && before ? written.lostBetween(before, disk) : 0
      lost += lostNow
      before = disk
      const writers = store.list().flatMap((preview) => written.writersOf(preview, config))
      forget(writers)
      for (const { container } of writers) if (!firstSeen.has(container)) firstSeen.set(container, { at: now, lost })
      const lastOf = (container: string) => measurements.get(container)?.at(-1) ?? firstSeen.get(container)!
      const due = writers
        .filter(({ container }) => !measuring.has(container))
        .filter((writer) => written.isDue(writer, lastOf(writer.container), { lost, disk }, now))
        .sort((a, b) => durationOf(a) - durationOf(b))
        .slice(0, Math.max(0, AT_A_TIME - measuring.size))
      const started = due.map((writer) => {
        const done = measure(writer).finally(() => measuring.delete(writer.container))
        measuring.set(writer.container, done)
        return done
      })
      if (started.length > 0) await waitAtMost(Promise.all(started))
      if (disk) {
        const known = writers.map((writer) => ({ writer, looks: measurements.get(writer.container) ?? [] }))
        for (const filler of written.fillers(known, { disk, high: config.disk.high })) await kill(filler)
      }
      record(writers)
      return { written: recorded, hurry: disk !== undefined && lostNow * 4 >= disk.free }
    },
  }

  function durationOf({ container }: Writer): number {
    return measurements.get(container)?.at(-1)?.took ?? 0
  }

  function forget(writers: Writer[]) {
    const present = new Set(writers.map(({ container }) => container))
    for (const known of [measurements, firstSeen])
      for (const container of known.keys()) if (!present.has(container)) known.delete(container)
  }
}

async function waitAtMost(done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => (timer = setTimeout(resolve, WAIT_MS)))
  await Promise.race([done, late])
  clearTimeout(timer)
}
