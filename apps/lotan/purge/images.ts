/** Images that Lotan pulled or built. What has another name, or runs for another program, stays. */
import type { Container, Engine } from '../../shared/engine/engine.ts'
import { readImageName } from '../../shared/image-reference.ts'
import type { Pulled } from '../../shared/store/pulled.ts'
import type { ServiceImage } from '../../shared/store/service-images.ts'

/** `left`: why it has to stay. */
export type Gone = 'removed' | { left: string }

type Images = Pick<Engine, 'namesOf' | 'digestNamesOf' | 'removeImage'>
type Known = Pick<Pulled, 'id' | 'reference' | 'tag'>

/** @param containers tell which images Lotan pulled where the database is lost */
export function imagesOf(pulled: readonly Pulled[], containers: readonly Container[]): Known[] {
  const adopted = containers
    .filter((container) => container.pulled)
    .map(({ image, ...rest }) => ({ ...rest, id: image }))
  const all = [...pulled, ...adopted].map(({ id, reference, tag }) => ({ id, reference, tag }))
  return [...new Map(all.map((image) => [JSON.stringify(image), image])).values()]
}

export function serviceImagesOf(images: readonly Pick<ServiceImage, 'id' | 'image'>[]): Known[] {
  return images.map(({ id, image }) => {
    const { repository, tag } = readImageName(image)
    // One that a digest names has no name of Lotan's.
    return { id, reference: repository, tag: tag ?? '' }
  })
}

export async function removePulled(engine: Images, { id, reference, tag }: Known): Promise<Gone> {
  const names = await engine.namesOf(id)
  if (!names) return 'removed'
  const own = `${reference}:${tag}`
  // A name goes alone where the image has others: the image stays for whose these are.
  if (names.includes(own)) return goneAs(await engine.removeImage(own))
  if (names.length > 0) return { left: `it is ${names[0]} now` }
  let last: Awaited<ReturnType<Engine['removeImage']>> = 'gone'
  for (const name of await engine.digestNamesOf(id))
    if (name.startsWith(`${reference}@`)) last = await engine.removeImage(name)
  return goneAs(last)
}

/** A name that no other Lotan has: the image itself may be another's too. */
export async function removeCopy(engine: Images, name: string): Promise<Gone> {
  return goneAs(await engine.removeImage(name))
}

export async function removeBuilt(engine: Images, name: string, others: boolean): Promise<Gone> {
  if (others) return { left: 'another Lotan on this engine has it too' }
  return goneAs(await engine.removeImage(name))
}

function goneAs(removed: Awaited<ReturnType<Engine['removeImage']>>): Gone {
  return removed === 'in-use' ? { left: 'a container that is not of this Lotan uses it' } : 'removed'
}
