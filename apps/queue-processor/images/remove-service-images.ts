/** Images that Lotan pulled for services go by their names, never by force, when no preview needs them any more. */
import { EngineError, type Engine } from '../../shared/engine/engine.ts'
import { readImageName } from '../../shared/image-reference.ts'
import type { Log } from '../../shared/log.ts'
import { generationsOf, type Image, type Preview } from '../../shared/preview/preview.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { ServiceImage, Store } from '../../shared/store/store.ts'
import type { ServicePull } from './service-pull.ts'

interface Needs {
  store: Pick<Store, 'serviceImages' | 'services' | 'list' | 'get'>
  engine: Pick<Engine, 'namesOf' | 'digestNamesOf' | 'removeImage'>
  log: Log
}

/** Also old ones that lost their name to a newer pull. What cannot go yet goes with a later call. */
export async function removeServiceImages({ store, engine, log }: Needs): Promise<void> {
  for (const image of store.serviceImages.list()) {
    if (isNeeded(image, store)) continue
    const names = await engine.namesOf(image.id)
    if (!names) store.serviceImages.forget(image)
    // A preview may have come to need it meanwhile.
    if (!names || isNeeded(image, store)) continue
    const own = await ownNames(engine, image, names)
    // Another program has named it since.
    if (own.length === 0) store.serviceImages.forget(image)
    let last: string | undefined
    for (const name of own) last = await engine.removeImage(name).catch(unlessEngineDown)
    if (last !== 'removed' && last !== 'gone') continue
    store.serviceImages.forget(image)
    log.info({ image: image.image, digest: image.digest }, 'image of a service removed')
  }
}

/** Beside what a visitor waits for: a large image takes seconds to go. */
export function removeServiceImagesBeside(deps: Needs): void {
  void removeServiceImages(deps).catch((error: Error) =>
    deps.log.warn({ error: error.message }, 'images of services could not be removed, a later step tries again'),
  )
}

async function ownNames(engine: Needs['engine'], { id, image }: ServiceImage, names: string[]): Promise<string[]> {
  if (names.includes(image)) return [image]
  if (names.length > 0) return []
  const { repository } = readImageName(image)
  return (await engine.digestNamesOf(id)).filter((name) => name.startsWith(`${repository}@`))
}

/** What a pull that was given up has left without a name. */
export async function removeUnnamed({ engine, store }: Needs, pulls: readonly ServicePull[]): Promise<void> {
  for (const { image, read } of pulls) {
    const digestName = read && `${image.repository}@${read.digest}`
    if (!digestName || store.serviceImages.list().some(({ digest }) => digest === read.digest)) continue
    if ((await engine.namesOf(digestName))?.length === 0) await engine.removeImage(digestName)
  }
}

/** A service of another preview runs from it too: it goes once that has ended. @param reference `HOST/NAME:TAG` */
export function giveToService(
  { services, serviceImages, pulled, get }: Pick<Store, 'services' | 'serviceImages' | 'pulled' | 'get'>,
  from: PreviewId,
  { id, digest }: Pick<Image, 'id' | 'digest'>,
  reference: string,
): boolean {
  const isChosen = (row: ServiceRow) => row.imageId === id && idOf(row) !== from && get(idOf(row))?.image
  if (!services.list().some(isChosen)) return false
  serviceImages.note({ id, image: readImageName(reference).name, digest })
  for (const one of pulled.list()) if (one.id === id && idOf(one) === from) pulled.forget(one)
  return true
}

/** Whether a preview that has its own image, or is about to, runs a service from it, or is itself that image's. */
export function isNeeded(
  { id, image }: Pick<ServiceImage, 'id' | 'image'>,
  { services, list, get }: Pick<Store, 'services' | 'list' | 'get'>,
): boolean {
  const isChosen = (row: ServiceRow) => {
    const preview = get(idOf(row))
    if (!preview) return false
    if (row.imageId === id && preview.image !== null) return true
    // It is being pulled, perhaps anew.
    return ['queued', 'pulling', 'starting'].includes(preview.state) && readImageName(row.image).name === image
  }
  return services.list().some(isChosen) || list().some((preview) => hasImage(preview, id))
}

function hasImage(preview: Preview, id: string): boolean {
  return preview.image?.id === id || generationsOf(preview).some(({ image }) => image === id)
}

function unlessEngineDown(error: unknown): undefined {
  if (!(error instanceof EngineError) || error.code === 'engine-down') throw error
}
