/** Kills previews that fill the engine's disk, and evicts idle ones from the high mark down to the low mark. */
import type { ReaperContext } from './context.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { inWords, isOld, usedPercent, type Disk, type Written } from '../shared/disk-space.ts'
import { EngineError } from '../shared/engine/engine.ts'
import { evict } from './evict.ts'
import { watchWrites } from './watch-writes.ts'

const LOOK_MS = 1_000
/** When the disk would be full after three more looks. */
const HURRY_MS = 250
/** A lost image may be in use for long. Above the high mark its removal is requested at once. */
const OLD_IMAGES_MS = 60_000

interface Relief {
  free: number
  used: number
  went: number
  stuck: boolean
}

export async function watchDisk(
  parts: Pick<ReaperContext, 'config' | 'engine' | 'store' | 'nudges' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const { config, engine, store, nudges, log } = parts
  let relief: Relief | undefined
  let oldAskedAt = 0
  let isMeasured: boolean | undefined
  let hurry = false
  const writers = watchWrites(parts)

  async function look(): Promise<void> {
    const now = Date.now()
    const disk = await engine.disk()
    if (isMeasured !== (disk !== undefined)) tell(disk)
    isMeasured = disk !== undefined
    const before = relief
    const seen = await writers.look(disk)
    hurry = seen.hurry
    if (disk) await relieveDisk(disk, seen.written, now)
    if (now - oldAskedAt < OLD_IMAGES_MS && !(relief && !before)) return
    oldAskedAt = now
    const olds = store.pulled.list().filter((image) => isOld(image, store.get(image.tag)))
    for (const tag of new Set(olds.map(({ tag }) => tag))) await nudges.sweep(tag)
  }

  function tell(disk: Disk | undefined) {
    if (disk) log.info({ root: disk.root, used: percent(disk), ...config.disk }, "the engine's disk is watched")
    else
      log.warn(
        "the engine's disk cannot be measured from here: its marks are not heeded, and nor is a pull's size; what previews write is looked at once a minute",
      )
  }

  async function relieveDisk(disk: Disk, written: Written, now: number) {
    const previews = store.list()
    const { over, go, stuck } = evict({ previews, written, disk, marks: config.disk, under: relief !== undefined }, now)
    if (!over) {
      if (relief)
        log.info(
          { was: relief.used, used: percent(disk), freed: inWords(disk.free - relief.free), went: relief.went },
          "the engine's disk is below its low mark again",
        )
      relief = undefined
      return
    }
    relief ??= { free: disk.free, used: percent(disk), went: 0, stuck: false }
    const going = go.flatMap(({ tag }) => store.apply(tag, { type: 'stop', why: 'disk' }, now) ?? [])
    if (going.length > 0)
      log.info(
        { used: percent(disk), free: inWords(disk.free), ...config.disk, tags: going.map(({ tag }) => tag) },
        "the engine's disk was above its high mark: what nobody uses goes",
      )
    relief.went += going.length
    for (const preview of going) await nudges.nudge(preview)
    if (stuck && !relief.stuck)
      log.warn(
        { used: percent(disk), free: inWords(disk.free), ...config.disk },
        "the engine's disk is above its low mark, and nothing of Lotan's is left that nobody uses",
      )
    relief.stuck = stuck
  }

  while (!signal.aborted) {
    // watch-engine.ts reports that the engine is down.
    await look().catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error
    })
    await sleep(hurry ? HURRY_MS : LOOK_MS, undefined, { signal }).catch(() => {})
  }
}

function percent(disk: Disk): number {
  return Math.round(usedPercent(disk))
}
