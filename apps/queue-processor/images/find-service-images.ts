/** Which images on the engine the services of a preview run with. Pure. */
import { readImageName } from '../../shared/image-reference.ts'
import type { NamedImage } from '../../shared/engine/engine.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import type { Service } from '../../shared/stack/stack.ts'
import type { ChosenImage } from '../services/note-services.ts'

type Named = Pick<Service, 'name' | 'image'>
type Row = Pick<ServiceRow, 'name' | 'image' | 'imageId' | 'digest'>

/**
 * By service; one whose image is not here is not in it. What was decided at an earlier pull stays, also where the name
 * leads to a newer image by now.
 */
export function findServiceImages(
  services: readonly Named[],
  rows: readonly Row[],
  images: readonly NamedImage[],
): Map<string, ChosenImage> {
  const ids = new Set(images.map(({ id }) => id))
  const found = new Map<string, ChosenImage>()
  for (const { name, image } of services) {
    const row = rows.find((row) => row.name === name && row.image === image)
    const decided = row?.imageId != null && ids.has(row.imageId) ? { id: row.imageId, digest: row.digest } : undefined
    const chosen = decided ?? findByName(image, images)
    if (chosen) found.set(name, chosen)
  }
  return found
}

/** @param image as a stack names it */
export function findByName(image: string, images: readonly NamedImage[]): ChosenImage | undefined {
  const { repository, name } = readImageName(image)
  const found = images.find(({ names, digestNames }) => names.includes(name) || digestNames.includes(name))
  if (!found) return undefined
  const own = found.digestNames.find((digestName) => digestName.startsWith(`${repository}@`))
  return { id: found.id, digest: name.includes('@') ? name.slice(name.indexOf('@') + 1) : digestOf(own) }
}

/** Whether all of them run from containers that are kept, each of which holds its image. */
export function areKept(services: readonly Named[], rows: readonly (Row & Pick<ServiceRow, 'container'>)[]): boolean {
  return services.every(({ name, image }) =>
    rows.some((row) => row.name === name && row.image === image && row.imageId !== null && row.container !== null),
  )
}

function digestOf(digestName: string | undefined): string | null {
  return digestName === undefined ? null : digestName.slice(digestName.indexOf('@') + 1)
}
