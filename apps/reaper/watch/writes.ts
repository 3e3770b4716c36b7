/** Measures what previews write to the disk, and kills those that exceed their limit or fill the disk. */
import type { ReaperContext } from '../context.ts'
import { inWords, type Disk, type Written } from '../../shared/disk-space.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import * as written from '../writes.ts'
import type { DiskFiller, FirstSight, Measurement, Writer } from '../writes.ts'
import { idOf, logFields, type PreviewId } from '../../shared/preview/preview-id.ts'

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
      const most = bytesOf(writer.limit)!
      const own = await engine.written(container, most)
      if (own === undefined) return
      let beside = 0
      for (const service of writer.services ?? []) beside += (await engine.written(service, most)) ?? 0
      const data = await measureData(writer.preview)
      const seen = { at, took: Date.now() - at, bytes: own + beside + data, data, lost: lostBy, ran: runs }
      measurements.set(container, written.keepRecent([...(measurements.get(container) ?? []), seen], at))
      const filler = written.overLimit(writer, seen)
      if (filler) await kill(filler)
    } catch (error) {
      // watch/engine.ts reports that the engine is down.
      if (!(error instanceof EngineError))
        log.warn({ ...logFields(writer.preview), err: error }, 'the files of a preview could not be measured')
    }
  }

  /** Each volume of the preview once, whichever of its containers mount it. */
  async function measureData(id: PreviewId): Promise<number> {
    let all = 0
    for (const { engine: volume, bytes: before } of store.volumes.of(id)) {
      const bytes = await engine.volumeBytes(volume)
      if (bytes === undefined) continue
      all += bytes
      // A write wakes all who wait for a change.
      if (before === null || Math.abs(bytes - before) >= MIN_CHANGE) store.volumes.note(volume, bytes, Date.now())
    }
    return all
  }

  async function kill({ writer: { preview: id, generation }, limit, bytes }: DiskFiller): Promise<void> {
    const data = store.volumes.of(id).reduce((sum, volume) => sum + (volume.bytes ?? 0), 0)
    const inVolumes = data >= MIN_CHANGE ? `, ${inWords(data)} of it in volumes, which stay` : ''
    const detail = limit === null ? recentWritesText(bytes) : `it has written more than ${limit}${inVolumes}`
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
      const last = measurements.get(container)?.at(-1)
      if (last) sums[preview] = (sums[preview] ?? 0) + last.bytes - (last.data ?? 0)
    }
    // An eviction for this little would free nothing.
    for (const [id, bytes] of Object.entries(sums)) if (bytes < MIN_CHANGE) delete sums[id]
    const ids = new Set([...Object.keys(sums), ...Object.keys(recorded)])
    const isNews = [...ids].some((id) => Math.abs((sums[id] ?? 0) - (recorded[id] ?? 0)) >= MIN_CHANGE)
    if (isNews && store.noteWritten(sums)) recorded = sums
  }

  function writersNow(): Writer[] {
    const services = Map.groupBy(store.services.list(), idOf)
    return store.list().flatMap((preview) => written.writersOf(preview, config, services.get(idOf(preview))))
  }

  return {
    /** @returns `hurry` when the disk fills fast and has to be looked at again soon */
    async look(disk: Disk | undefined): Promise<{ written: Written; hurry: boolean }> {
      const now = Date.now()
      const lostNow = disk && before ? written.lostBetween(before, disk) : 0
      lost += lostNow
      before = disk
      const writers = writersNow()
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
