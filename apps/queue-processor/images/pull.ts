import { imageNameOf, referenceOf } from '../../shared/repository.ts'
import { sizesByLayer } from '../../shared/engine/pull-progress.ts'
import { EngineError } from '../../shared/engine/engine.ts'
import type { Login } from '../../shared/registry/docker-config.ts'
import type { Image } from '../../shared/preview/preview.ts'
import type { Progress } from '../../shared/preview/start-times.ts'
import type { Pullable, Registry } from '../../shared/registry/registry.ts'
import { freeDownloads, SILENT_MS } from './free-downloads.ts'
import type { Dependencies } from '../dependencies.ts'
import { packedSizeOf } from './service-pull.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

/** Where an image is pulled from. */
export interface Source {
  /** `HOST/NAME`. */
  repository: string
  /** `HOST/NAME:TAG`, which the image is given; or `HOST/NAME@DIGEST`. */
  name: string
  registry: Pick<Registry, 'authFor' | 'hasRepository'>
}

export interface ImagePull {
  source: Source
  /** Undefined leaves the choice to the engine. */
  image: Pullable | undefined
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** `digest` is the tag's: of its index, where it has one. */
export interface Pulled {
  digest: string | null
}

type PullDependencies = Pick<Dependencies, 'engine' | 'config' | 'waits' | 'log'>

export function sourceOf({ registryOf, config }: Pick<Dependencies, 'registryOf' | 'config'>, id: PreviewId): Source {
  return { repository: referenceOf(id, config), name: imageNameOf(id, config), registry: registryOf(id) }
}

/** By digest: a registry may serve another image for the same tag a moment later. */
export async function pull(
  deps: PullDependencies,
  { source, image, signal, onProgress }: ImagePull,
): Promise<Pulled | 'missing'> {
  const { engine, config, waits, log } = deps
  const { repository, name, registry } = source
  const reference = image ? `${repository}@${image.digest}` : name
  const limits = { stallAfter: waits.stall, within: config.pullTimeout, ...(image && manifestOf(image)) }
  const attempt = (auth?: Login) => engine.pull(reference, { onProgress, signal, auth, ...limits })
  try {
    const digest = await withLogin(registry, reference, attempt)
    if (!image) return { digest }
    signal.throwIfAborted()
    if (!name.includes('@')) await nameIt(deps, reference, name)
    return { digest: image.digest }
  } catch (error) {
    const code = error instanceof EngineError ? error.code : undefined
    // Without its lane. The engine frees the slots of a pull that was cancelled between two bytes by itself.
    if (code === 'too-slow') void freeDownloads(log, repository, 0)
    else if (code === 'stalled' || signal.aborted)
      void freeDownloads(log, repository, Math.min(SILENT_MS, waits.stall / 2))
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    return throwMissing(source, error)
  }
}

function manifestOf(image: Pullable) {
  return { bytes: packedSizeOf(image), sizes: sizesByLayer(image) }
}

async function withLogin<T>(
  registry: Pick<Registry, 'authFor'>,
  reference: string,
  attempt: (auth?: Login) => Promise<T>,
): Promise<T> {
  const login = await registry.authFor(reference)
  try {
    return await attempt(login)
  } catch (error) {
    if (!login || !isRefused(error)) throw error
    // A token can end early, and a helper may know a newer login.
    const newer = await registry.authFor(reference, login)
    if (!newer) throw error
    return await attempt(newer)
  }
}

async function nameIt({ engine }: Pick<Dependencies, 'engine'>, reference: string, name: string): Promise<void> {
  try {
    await engine.tagImage(reference, name)
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'missing') throw error
    throw new EngineError('pull-failed', 'the image was removed as soon as it was pulled', { cause: error })
  }
}

/** Most registries answer alike for a missing tag and a missing repository. */
export async function throwMissing({ registry, repository }: Source, error?: EngineError): Promise<'missing'> {
  if (await registry.hasRepository()) return 'missing'
  const message = error?.message ?? `the registry has no repository ${repository}`
  throw new EngineError('no-repository', message, { cause: error })
}

export function notePulled({ store, config }: Dependencies, id: PreviewId, image: Image): void {
  const { id: imageId, digest } = image
  if (digest) store.pulled.note({ ...splitId(id), id: imageId, reference: referenceOf(id, config), digest })
}

function isRefused(error: unknown): boolean {
  return error instanceof EngineError && (error.code === 'credentials' || error.code === 'token-expired')
}
