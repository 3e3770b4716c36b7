/** Names of containers, `lotan-INSTANCE[.NAME]-TAG-N`: made and read here alone. */
import { NAMELESS, splitId, idOf, type PreviewId } from '../preview/preview-id.ts'
import { networkName } from './slots.ts'

export function containerName(instance: string, id: PreviewId, generation: number): string {
  const { repository, tag } = splitId(id)
  const below = repository === NAMELESS ? '' : `.${repository}`
  return `${networkName(instance)}${below}-${tag}-${generation}`
}

/** @returns undefined for a container that is no preview's of this instance */
export function readContainerName(name: string, instance: string): { id: PreviewId; generation: number } | undefined {
  const start = networkName(instance)
  if (!name.startsWith(start)) return undefined
  const [, repository = NAMELESS, tag, generation] =
    /^(?:\.([a-z][a-z0-9]{0,19}))?-([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})-(\d+)$/.exec(name.slice(start.length)) ?? []
  if (tag === undefined) return undefined
  return { id: idOf({ repository, tag }), generation: Number(generation) }
}
