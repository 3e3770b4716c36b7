/** What a preview's services need of registries: read before anything of it is pulled. */
import { EngineError } from '../../shared/engine/engine.ts'
import { readImageName, type ImageName } from '../../shared/image-reference.ts'
import { logFields, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { RegistryError, type Pullable } from '../../shared/registry/registry.ts'
import { problemText, type Stack } from '../../shared/stack/stack.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import type { Dependencies } from '../dependencies.ts'
import type { ChosenImage } from '../services/note-services.ts'
import { findByName, findServiceImages } from './find-service-images.ts'
import type { ServicePull } from './service-pull.ts'

/** A registry that does not tell in time whether it has a newer image has none: there is one here. */
const NEWER_MS = 5_000

export interface StackImages {
  stack: Stack
  /** By service. */
  here: Map<string, ChosenImage>
  pulls: ServicePull[]
}

type Labels = Record<string, string>

/** @returns null where the preview has no stack @throws EngineError `bad-stack` with all that is wrong, one a line */
export function stackIn({ config }: Pick<Dependencies, 'config'>, id: PreviewId, labels: Labels): Stack | null {
  const read = stackOf(id, { labels }, config)
  if (read && 'problems' in read) throw new EngineError('bad-stack', read.problems.map(problemText).join('\n'))
  return read && read.stack
}

/** The tag's image tells them before its layers are here; undefined where they cannot be read from here. */
export async function labelsAhead(
  { config, registryOf, log }: Pick<Dependencies, 'config' | 'registryOf' | 'log'>,
  id: PreviewId,
  image: Pullable | undefined,
  signal?: AbortSignal,
): Promise<Labels | undefined> {
  // The file says it for all previews.
  if (config.stackText !== null) return {}
  if (!image) return undefined
  try {
    return await registryOf(id).labels(image, splitId(id).tag, signal)
  } catch (error) {
    // The pull itself tells what is wrong with the registry, and the engine what is wrong with the image.
    if (!(error instanceof RegistryError)) throw error
    log.info({ ...logFields(id), error: error.message }, 'the image’s labels cannot be read before the pull')
    return undefined
  }
}

/** @param renew whether a newer image of a name that moves, such as `postgres:16`, is looked for */
export async function readStackImages(
  deps: Dependencies,
  id: PreviewId,
  stack: Stack,
  { renew, signal }: { renew: boolean; signal?: AbortSignal },
): Promise<StackImages> {
  const { engine, store } = deps
  if (stack.services.length === 0) return { stack, here: new Map(), pulls: [] }
  const images = await engine.listImages()
  const here = findServiceImages(stack.services, renew ? [] : store.services.of(id), images)
  const found = await Promise.all(
    byImage(stack).map(async ({ image, services }): Promise<ServicePull | undefined> => {
      const known = findByName(image.name, images)
      if (services.every((name) => here.has(name)) && !(renew && known && (await hasNewer(deps, image, known, signal))))
        return undefined
      const read = await readService(deps, image, services[0]!, known, signal)
      return read === 'missing' ? undefined : { image, services, read, here: known }
    }),
  )
  return { stack, here, pulls: found.filter((pull) => pull !== undefined) }
}

function byImage({ services }: Stack): Pick<ServicePull, 'image' | 'services'>[] {
  const all = new Map<string, Pick<ServicePull, 'image' | 'services'>>()
  for (const service of services) {
    const image = readImageName(service.image)
    const known = all.get(image.name)
    if (known) known.services.push(service.name)
    else all.set(image.name, { image, services: [service.name] })
  }
  return [...all.values()]
}

/** An image that Lotan did not pull stays as it is. */
async function hasNewer(
  { store, registryAt, log }: Pick<Dependencies, 'store' | 'registryAt' | 'log'>,
  { repository, tag, name }: ImageName,
  here: ChosenImage,
  signal?: AbortSignal,
): Promise<boolean> {
  const own = store.serviceImages.list().find((image) => image.id === here.id && image.image === name)
  if (tag === null || !own) return false
  const ending = AbortSignal.any([AbortSignal.timeout(NEWER_MS), ...(signal ? [signal] : [])])
  try {
    const digest = await registryAt(repository).digestOf(tag, own.digest ?? undefined, ending)
    return digest !== undefined && digest !== own.digest
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    log.info({ image: name, error: error.message }, 'the registry does not say whether it has a newer image')
    return false
  }
}

/** @returns `missing` only where an older one is here */
async function readService(
  { engine, registryAt, log }: Pick<Dependencies, 'engine' | 'registryAt' | 'log'>,
  { repository, tag, digest, name }: ImageName,
  service: string,
  here: ChosenImage | undefined,
  signal?: AbortSignal,
): Promise<Pullable | undefined | 'missing'> {
  try {
    const read = await registryAt(repository).pullable(digest ?? tag!, await engine.platform(), signal)
    if (!read && !here) throw noSuchImage(name)
    return read ?? 'missing'
  } catch (error) {
    if (error instanceof RegistryError && error.isUnreached) {
      log.info(
        { image: name, error: error.message },
        'the registry cannot be read from here, leaving the pull to the engine',
      )
      return undefined
    }
    if (!(error instanceof RegistryError) || !here) throw ofService(error, service)
    log.info({ image: name, error: error.message }, 'the newer image cannot be read, the one that is here is used')
    return 'missing'
  }
}

export function noSuchImage(name: string): EngineError {
  return new EngineError('pull-failed', `the registry has no ${name}`)
}

export function ofService<E>(error: E, service: string): E {
  if (error instanceof EngineError || error instanceof RegistryError) error.service = service
  return error
}
