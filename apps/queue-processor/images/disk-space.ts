/** Reserves space on the engine's disk before a pull, and refuses a pull that cannot fit. */
import { setTimeout as sleep } from 'node:timers/promises'
import { couldFree, inWords, isOld, evictionOrder, type Disk } from '../../shared/disk-space.ts'
import { beginning, progressOf } from '../../shared/engine/pull-progress.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import { RegistryError, type Layer } from '../../shared/registry/registry.ts'
import { removeOldImages } from './old-images.ts'
import type { Dependencies } from '../dependencies.ts'

/** With this much free, and a smaller image, its layers are not compared one by one. */
const AMPLE = 50e9
const RESERVE = { part: 0.02, most: 1e9 }
/**
 * Unpacked size by packed size, until pulls of this repository give a better figure. Measured with gzip -6 on a disk of
 * 4 kB blocks: Debian's programs 2.7, its libraries 3.0, a node_modules of 145 MB 4.9.
 */
const UNPACKED = 3
const KNOWN_PULLS = 10
/** How long a pull waits for space: a minute until a preview counts as idle, then a drain and a stop. */
const ROOM_MS = 90_000
const LOOK_MS = 200
const META = 'unpacked'

export type EndClaim = (bytes?: number) => void

const nothing: EndClaim = () => {}

export function openDisk(parts: Omit<Dependencies, 'disk'>) {
  const { config, store, engine, registry, log } = parts
  /** What current pulls may still write, bytes by tag. */
  const claims = new Map<string, number>()

  /** The pull itself reports what is wrong with the registry. */
  async function layersOf(tag: string): Promise<Layer[] | undefined> {
    try {
      return await registry.layers(tag, await engine.platform())
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      log.info({ tag, error: error.message }, 'the size of the image is not known before its pull')
      return undefined
    }
  }

  /** Without the layers that images of this repository share with it, from the lowest layer up. */
  async function missing(layers: Layer[]): Promise<Layer[]> {
    const ids = new Set(store.list().flatMap(({ image }) => image?.id ?? []))
    const found = await Promise.all([...ids].map((id) => engine.layersOf(id).catch(unlessDown)))
    const shared = (here: string[] = []) => {
      const differs = layers.findIndex(({ unpacked }, i) => unpacked === null || unpacked !== here[i])
      return differs < 0 ? layers.length : differs
    }
    return layers.slice(Math.max(0, ...found.map(shared)))
  }

  /** The engine keeps a packed layer until it has unpacked it: for a moment the disk holds both. */
  function needOf(layers: Layer[]): number {
    return Math.ceil(sum(layers) * (1 + ratio()))
  }

  function isAmple(free: number, packed: number): boolean {
    return free >= AMPLE && packed * (1 + ratio()) <= free
  }

  function ratio(): number {
    const known = JSON.parse(store.meta.get(META) ?? '[]') as number[]
    return known.length > 0 ? Math.max(1, ...known) : UNPACKED
  }

  function learn(value: number) {
    const known = JSON.parse(store.meta.get(META) ?? '[]') as number[]
    store.meta.set(META, JSON.stringify([...known, Math.round(value * 100) / 100].slice(-KNOWN_PULLS)))
  }

  /** @returns false where stopping all idle previews would not be enough: then none is stopped */
  async function makeRoom(tag: string, bytes: number): Promise<boolean> {
    const olds = store.pulled.list().filter((image) => isOld(image, store.get(image.tag)))
    for (const old of new Set(olds.map(({ tag }) => tag))) await removeOldImages(parts, old).catch(unlessDown)
    const now = Date.now()
    // A preview that waits for its own newer image is not stopped for it.
    const previews = store.list().filter((preview) => preview.tag !== tag)
    const written = store.written()
    if (couldFree(previews, written) < bytes) return false
    const going = evictionOrder(previews, written, bytes, now).flatMap((preview) => {
      return store.apply(preview.tag, { type: 'stop', why: 'disk' }, now) ?? []
    })
    if (going.length > 0)
      log.info({ for: tag, bytes, tags: going.map(({ tag }) => tag) }, 'making room on the disk for a pull')
    await Promise.all(going.map((preview) => parts.nudges.nudge(preview)))
    return true
  }

  function claimed(): number {
    return [...claims.values()].reduce((all, bytes) => all + bytes, 0)
  }

  function begin(tag: string, need: number, layers: Layer[]): EndClaim {
    claims.set(tag, need)
    return (bytes) => {
      claims.delete(tag)
      if (bytes !== undefined && sum(layers) > 0) learn(bytes / sum(layers))
    }
  }

  /** Shows on the waiting page why the pull does not move; the pull clears it when it begins. */
  function sayThatItWaits(tag: string) {
    const preview = store.get(tag)
    if (preview?.state !== 'pulling' || preview.progress?.waitsFor) return
    store.progress(tag, { ...(preview.progress ?? progressOf(beginning)), waitsFor: 'room' })
  }

  return {
    /** @param packed bytes, 0 where not known @throws EngineError `disk-full` with the figures */
    async claim(tag: string, signal: AbortSignal, packed = 0): Promise<EndClaim> {
      const first = await engine.disk()
      if (!first || isAmple(first.free, packed)) return nothing
      const layers = await layersOf(tag)
      if (!layers) return nothing
      let need = needOf(layers)
      let isExact = false
      for (const end = Date.now() + ROOM_MS; ; await sleep(LOOK_MS, undefined, { signal })) {
        signal.throwIfAborted()
        const disk = await engine.disk()
        if (!disk) return nothing
        const spare = disk.free - reserveOf(disk)
        if (need + claimed() <= spare) break
        // Other pulls claim the rest: wait until they end, then look at what they left.
        if (need <= spare) {
          sayThatItWaits(tag)
          continue
        }
        if (!isExact) need = needOf(await missing(layers))
        else if (!(await makeRoom(tag, need - spare)) && claims.size === 0) throw full(need, disk)
        else if (Date.now() > end) throw full(need, disk)
        else sayThatItWaits(tag)
        isExact = true
      }
      return begin(tag, need, layers)
    },

    /** As `claim`, but never waits, frees nothing, and stays below the disk's low mark. */
    async claimAhead(tag: string, packed = 0): Promise<EndClaim | undefined> {
      const disk = await engine.disk()
      if (!disk) return undefined
      const spare = disk.free - disk.total * (1 - config.disk.low / 100)
      if (isAmple(spare, packed)) return nothing
      const layers = spare > 0 ? await layersOf(tag) : undefined
      if (!layers) return undefined
      const need = needOf(await missing(layers))
      return need + claimed() <= spare ? begin(`${tag} ahead`, need, layers) : undefined
    },
  }
}

/** For an image that is just being removed the engine may answer any error. */
function unlessDown(error: unknown): undefined {
  if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
}

function full(need: number, disk: Disk): EngineError {
  const words = `needs ${inWords(need)}, ${inWords(disk.free)} are free on the engine's disk (${disk.root})`
  return new EngineError('disk-full', `${words}; ${inWords(reserveOf(disk))} are kept free`)
}

function reserveOf({ total }: Disk): number {
  return Math.min(RESERVE.most, total * RESERVE.part)
}

function sum(layers: Layer[]): number {
  return layers.reduce((all, { bytes }) => all + bytes, 0)
}
