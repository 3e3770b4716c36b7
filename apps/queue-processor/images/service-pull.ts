import type { ImageName } from '../../shared/image-reference.ts'
import type { Pullable } from '../../shared/registry/registry.ts'
import type { ChosenImage } from '../services/note-services.ts'

/** An image that services need, or that is newer than the one they have. */
export interface ServicePull {
  image: ImageName
  /** Those that run from it, in the order of their stack. */
  services: string[]
  /** As its registry has it; undefined leaves it to the engine. */
  read: Pullable | undefined
  /** The older one that is here. */
  here: ChosenImage | undefined
}

export function packedSizeOf({ sizes }: Pick<Pullable, 'sizes'>): number {
  return sizes.reduce((all, bytes) => all + bytes, 0)
}
