/** Names of containers: `lotan-INSTANCE[.NAME]-TAG-N` is a preview's, `lotan-sandbox-INSTANCE-N` a sandbox. */
import { NAMELESS, splitId, idOf, type PreviewId } from '../preview/preview-id.ts'
import { networkName } from './slots.ts'

export function containerName(instance: string, id: PreviewId, generation: number): string {
  const { repository, tag } = splitId(id)
  const below = repository === NAMELESS ? '' : `.${repository}`
  return `${networkName(instance)}${below}-${tag}-${generation}`
}

export function sandboxName(instance: string, number: number): string {
  return `lotan-sandbox-${instance}-${number}`
}

/** @returns its number; undefined for a container that is no sandbox of this instance */
export function readSandboxName(name: string, instance: string): number | undefined {
  const [, number] = /^(?:[^-]+-){3}(\d+)$/.exec(name) ?? []
  return number !== undefined && name === sandboxName(instance, Number(number)) ? Number(number) : undefined
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
