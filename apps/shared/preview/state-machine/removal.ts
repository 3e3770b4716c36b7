import type { EventOf } from '../event.ts'
import type { Preview } from '../preview.ts'

/** The first one counts: to ask again puts nothing off. */
export function removeSoon(preview: Preview, { at }: EventOf<'removeSoon'>): Preview | undefined {
  return preview.removeAt === null ? { ...preview, removeAt: at } : undefined
}

export function keep(preview: Preview): Preview | undefined {
  return preview.removeAt === null ? undefined : { ...preview, removeAt: null }
}
