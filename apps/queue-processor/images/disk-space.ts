import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../shared/config/config.ts'
import { couldFree, inWords, isOld, chooseEvictions, type Disk } from '../../shared/disk-space.ts'
import { beginning, progressOf } from '../../shared/engine/pull-progress.ts'
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import type { Log } from '../../shared/log.ts'
import type { Nudges } from '../../shared/queue.ts'
import { RegistryError, type Layer, type Registry } from '../../shared/registry/registry.ts'
import type { Store } from '../../shared/store/store.ts'
import { removeOldImages } from './old-images.ts'
import { removeServiceImages } from './remove-service-images.ts'
import { packedSizeOf, type ServicePull } from './service-pull.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/** With this much free, and a smaller image, its layers are not compared one by one. */
const AMPLE = 50e9
const RESERVE = { part: 0.02, most: 1e9 }
/**
 * Unpacked size by packed size, until pulls of a repository give a better figure. Measured with gzip -6 on a disk of
 * 4 kB blocks: Debian's programs 2.7, its libraries 3.0, a node_modules of 145 MB 4.9.
 */
const DEFAULT_RATIO = 3
const REMEMBERED_PULLS = 10
/** A minute until a preview counts as idle, then a drain and a stop. */
const WAIT_FOR_SPACE_MS = 90_000
const LOOK_MS = 200

export type EndClaim = (bytes?: number) => void

const noClaim: EndClaim = () => {}

/** An image of a service that is to be pulled too. */
type Wanted = Pick<ServicePull, 'image' | 'read'>

interface Needs {
  config: Config
  store: Store
  engine: Engine
  registryOf: (id: PreviewId) => Pick<Registry, 'layers'>
  registryAt: (repository: string) => Pick<Registry, 'layers'>
  nudges: Pick<Nudges, 'nudge'>
  log: Log
}

export function openDisk(deps: Needs) {
  const { config, store, engine, registryOf, log } = deps
  /** Bytes that current pulls may still write. */
  const claims = new Map<string, number>()

  /** The pull itself reports what is wrong with the registry. */
  async function layersOf(
    id: PreviewId,
    registry: Pick<Registry, 'layers'>,
    tag: string,
  ): Promise<Layer[] | undefined> {
    try {
      return await registry.layers(tag, await engine.platform())
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      log.info({ ...logFields(id), error: error.message }, 'the registry gives no image size before the pull')
      return undefined
    }
  }

  /** The tag's own image first, without layers where it is here. Undefined where its registry does not tell. */
  async function imagesOf(
    id: PreviewId,
    isOwnHere: boolean,
    services: readonly Wanted[],
  ): Promise<[own: Layer[], ...Layer[][]] | undefined> {
    const [own, ...others] = await Promise.all([
      isOwnHere ? [] : layersOf(id, registryOf(id), splitId(id).tag),
      ...services.map(({ image: { repository, tag, digest } }) =>
        layersOf(id, deps.registryAt(repository), digest ?? tag!),
      ),
    ])
    return own && [own, ...others.map((layers) => layers ?? [])]
  }

  /** Without the layers that images of previews share with it, from the lowest layer up. */
  async function missing(images: Layer[][]): Promise<Layer[][]> {
    const ids = new Set([
      ...store.list().flatMap(({ image }) => image?.id ?? []),
      ...store.services.list().flatMap(({ imageId }) => imageId ?? []),
    ])
    const found = await Promise.all([...ids].map((id) => engine.layersOf(id).catch(ignoreUnlessEngineDown)))
    return images.map((layers) => {
      const shared = (here: string[] = []) => {
        const differs = layers.findIndex(({ unpacked }, i) => unpacked === null || unpacked !== here[i])
        return differs < 0 ? layers.length : differs
      }
      return layers.slice(Math.max(0, ...found.map(shared)))
    })
  }

  /** The engine keeps a packed layer until it has unpacked it: for a moment the disk holds both. */
  function needOf(id: PreviewId, images: Layer[][]): number {
    return Math.ceil(sum(images.flat()) * (1 + ratioOf(id)))
  }

  function isAmple(id: PreviewId, free: number, packed: number): boolean {
    return free >= AMPLE && packed * (1 + ratioOf(id)) <= free
  }

  function ratioOf(id: PreviewId): number {
    const known = store.facts.get('unpacked', splitId(id).repository) ?? []
    return known.length > 0 ? Math.max(1, ...known) : DEFAULT_RATIO
  }

  function recordRatio(id: PreviewId, value: number) {
    const { repository } = splitId(id)
    const known = store.facts.get('unpacked', repository) ?? []
    store.facts.set('unpacked', [...known, Math.round(value * 100) / 100].slice(-REMEMBERED_PULLS), repository)
  }

  /** @returns false where stopping all idle previews would not be enough: then none is stopped */
  async function evictIdle(id: PreviewId, bytes: number): Promise<boolean> {
    const oldImages = store.pulled.list().filter((image) => isOld(image, store.get(idOf(image))))
    for (const old of new Set(oldImages.map(idOf))) await removeOldImages(deps, old).catch(ignoreUnlessEngineDown)
    await removeServiceImages(deps).catch(ignoreUnlessEngineDown)
    const now = Date.now()
    // A preview that waits for its own newer image is not stopped for it.
    const previews = store.list().filter((preview) => idOf(preview) !== id)
    const written = store.written()
    if (couldFree(previews, written, now) < bytes) return false
    const stopping = chooseEvictions(previews, written, bytes, now).flatMap((preview) => {
      return store.apply(idOf(preview), { type: 'stop', why: 'disk' }, now) ?? []
    })
    if (stopping.length > 0)
      log.info({ for: id, bytes, tags: stopping.map(idOf) }, 'stopping unused previews to free disk space for a pull')
    await Promise.all(stopping.map((preview) => deps.nudges.nudge(preview)))
    return true
  }

  function claimed(): number {
    return [...claims.values()].reduce((all, bytes) => all + bytes, 0)
  }

  /** @param own layers of the tag's own image, which the figures of later claims are learned from */
  function begin(id: PreviewId, need: number, own: Layer[], claim: string = id): EndClaim {
    claims.set(claim, need)
    return (bytes) => {
      claims.delete(claim)
      if (bytes !== undefined && sum(own) > 0) recordRatio(id, bytes / sum(own))
    }
  }

  /** The pull clears it when it begins. */
  function showWaiting(id: PreviewId) {
    const preview = store.get(id)
    if (preview?.state !== 'pulling' || preview.progress?.waitsFor) return
    store.progress(id, { ...(preview.progress ?? progressOf(beginning())), waitsFor: 'room' })
  }

  return {
    /**
     * @param packed bytes, 0 where not known; null where the tag's own image is here
     * @throws EngineError `disk-full` with the figures
     */
    async claim(
      id: PreviewId,
      signal: AbortSignal,
      packed: number | null = 0,
      services: readonly Wanted[] = [],
    ): Promise<EndClaim> {
      const first = await engine.disk()
      if (!first || isAmple(id, first.free, packedOf(packed, services))) return noClaim
      const images = await imagesOf(id, packed === null, services)
      if (!images) return noClaim
      let need = needOf(id, images)
      let isExact = false
      for (const end = Date.now() + WAIT_FOR_SPACE_MS; ; await sleep(LOOK_MS, undefined, { signal })) {
        signal.throwIfAborted()
        const disk = await engine.disk()
        if (!disk) return noClaim
        const spare = disk.free - reserveOf(disk)
        if (need + claimed() <= spare) break
        // Other pulls claim the rest: look again at what they leave.
        if (need <= spare) {
          showWaiting(id)
          continue
        }
        if (!isExact) need = needOf(id, await missing(images))
        else if (!(await evictIdle(id, need - spare)) && claims.size === 0) throw full(need, disk)
        else if (Date.now() > end) throw full(need, disk)
        else showWaiting(id)
        isExact = true
      }
      return begin(id, need, images[0])
    },

    /** As `claim`, but never waits, frees nothing, and stays below the disk's low mark. */
    async claimForPrepull(
      id: PreviewId,
      packed: number | null = 0,
      services: readonly Wanted[] = [],
    ): Promise<EndClaim | undefined> {
      const disk = await engine.disk()
      if (!disk) return undefined
      const spare = disk.free - disk.total * (1 - config.disk.low / 100)
      if (isAmple(id, spare, packedOf(packed, services))) return noClaim
      const images = spare > 0 ? await imagesOf(id, packed === null, services) : undefined
      if (!images) return undefined
      const need = needOf(id, await missing(images))
      return need + claimed() <= spare ? begin(id, need, images[0], `${id} ahead`) : undefined
    },
  }
}

function packedOf(own: number | null, services: readonly Wanted[]): number {
  return services.reduce((all, { read }) => all + (read ? packedSizeOf(read) : 0), own ?? 0)
}

/** For an image that is just being removed the engine may answer any error. */
function ignoreUnlessEngineDown(error: unknown): undefined {
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
