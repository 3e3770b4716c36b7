/** Kills previews that fill the engine's disk, and evicts idle ones from the high mark down to the low mark. */
import type { ReaperContext } from '../context.ts'
import { nextBeat } from '../../shared/beat.ts'
import { inWords, isOld, usedPercent, type Disk, type Written } from '../../shared/disk-space.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { evict } from '../evict.ts'
import { watchWrites } from './writes.ts'
import { idOf } from '../../shared/preview/preview-id.ts'

const LOOK_MS = 1_000
/** When the disk would be full after three more looks. */
const HURRY_MS = 250
/** A lost image may be in use for long. Above the high mark its removal is requested at once. */
const OLD_IMAGES_MS = 60_000

interface Eviction {
  free: number
  used: number
  went: number
  stuck: boolean
}

export async function watchDisk(
  deps: Pick<ReaperContext, 'config' | 'engine' | 'store' | 'nudges' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const { config, engine, store, nudges, log } = deps
  let eviction: Eviction | undefined
  let oldSweptAt = 0
  let isMeasured: boolean | undefined
  let isUrgent = false
  const writers = watchWrites(deps)

  async function look(): Promise<void> {
    const now = Date.now()
    const disk = await engine.disk()
    if (isMeasured !== (disk !== undefined)) logStart(disk)
    isMeasured = disk !== undefined
    const before = eviction
    const seen = await writers.look(disk)
    isUrgent = seen.hurry
    if (disk) await evictIfFull(disk, seen.written, now)
    if (now - oldSweptAt < OLD_IMAGES_MS && !(eviction && !before)) return
    oldSweptAt = now
    const oldImages = store.pulled.list().filter((image) => isOld(image, store.get(idOf(image))))
    for (const id of new Set(oldImages.map(idOf))) await nudges.sweep(id)
  }

  function logStart(disk: Disk | undefined) {
    if (disk) log.info({ root: disk.root, used: percent(disk), ...config.disk }, "the engine's disk is watched")
    else
      log.warn(
        "the engine's disk cannot be measured from here: its marks are not heeded, and nor is a pull's size; what previews write is looked at once a minute",
      )
  }

  async function evictIfFull(disk: Disk, written: Written, now: number) {
    const previews = store.list()
    const {
      isEvicting: over,
      chosen: go,
      isStuck: stuck,
    } = evict({ previews, written, disk, marks: config.disk, wasEvicting: eviction !== undefined }, now)
    if (!over) {
      if (eviction)
        log.info(
          { was: eviction.used, used: percent(disk), freed: inWords(disk.free - eviction.free), went: eviction.went },
          "the engine's disk is below its low mark again",
        )
      eviction = undefined
      return
    }
    eviction ??= { free: disk.free, used: percent(disk), went: 0, stuck: false }
    const stopping = go.flatMap((preview) => store.apply(idOf(preview), { type: 'stop', why: 'disk' }, now) ?? [])
    if (stopping.length > 0)
      log.info(
        { used: percent(disk), free: inWords(disk.free), ...config.disk, tags: stopping.map(idOf) },
        "the engine's disk is above its high mark: stopping unused previews",
      )
    eviction.went += stopping.length
    for (const preview of stopping) await nudges.nudge(preview)
    if (stuck && !eviction.stuck)
      log.warn(
        { used: percent(disk), free: inWords(disk.free), ...config.disk },
        "the engine's disk is above its low mark and no unused preview is left: free some space on it",
      )
    eviction.stuck = stuck
  }

  while (!signal.aborted) {
    // watch/engine.ts reports that the engine is down.
    await look().catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error
    })
    await nextBeat(isUrgent ? HURRY_MS : LOOK_MS, signal)
  }
}

function percent(disk: Disk): number {
  return Math.round(usedPercent(disk))
}
