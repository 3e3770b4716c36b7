/**
 * Names on the engine: `lotan-INSTANCE[.NAME]-TAG-N` is a preview's container, `lotan-INSTANCE.[NAME].SERVICE-TAG-N` one
 * of its services, `lotan-sandbox-INSTANCE-N` a sandbox, `lotan-stack-INSTANCE-N` the network of a stack. Where TAG is a
 * copy's, `-BASE--as-NAME` stands: no tag begins with a hyphen. `lotan-copy-INSTANCE/[NAME/]COPY:BASE` is a copy's image.
 */
import { baseTag, copyNameOf, copyTag, isCopy, readShownTag, shownTag } from '../preview/copy-tag.ts'
import { NAMELESS, splitId, idOf, type PreviewId, type Tag } from '../preview/preview-id.ts'
import { networkName } from './slots.ts'

export function containerName(instance: string, id: PreviewId, generation: number): string {
  const { repository, tag } = splitId(id)
  const below = repository === NAMELESS ? '' : `.${repository}`
  return `${networkName(instance)}${below}-${write(tag)}-${generation}`
}

/** `lotan-INSTANCE..db-pr-7-3`: no tag's container has two dots there. */
export function serviceName(instance: string, id: PreviewId, service: string, generation: number): string {
  const { repository, tag } = splitId(id)
  return `${networkName(instance)}.${repository}.${service}-${write(tag)}-${generation}`
}

export function stackNetworkName(instance: string, number: number): string {
  return `lotan-stack-${instance}-${number}`
}

/** @returns its number; undefined for a network that is no stack's of this instance */
export function readStackNetworkName(name: string, instance: string): number | undefined {
  const [, number] = /^(?:[^-]+-){3}(\d+)$/.exec(name) ?? []
  return number !== undefined && name === stackNetworkName(instance, Number(number)) ? Number(number) : undefined
}

/** At most 15 characters, the kernel's limit: firewall rules mean all bridges of an instance by the prefix. */
export function stackBridgePrefix(instance: string): string {
  return `lt${instance}`
}

/** @param chance hexadecimal: no volume ever has the name of another, so that a copy can be made beside it */
export function volumeName(instance: string, id: PreviewId, volume: string, chance: string): string {
  const { repository, tag } = splitId(id)
  const below = repository === NAMELESS ? '' : `.${repository}`
  return `${networkName(instance)}${below}-${shownTag(tag)}-${volume}-${chance}`
}

export function sandboxName(instance: string, number: number): string {
  return `lotan-sandbox-${instance}-${number}`
}

/** @returns its number; undefined for a container that is no sandbox of this instance */
export function readSandboxName(name: string, instance: string): number | undefined {
  const [, number] = /^(?:[^-]+-){3}(\d+)$/.exec(name) ?? []
  return number !== undefined && name === sandboxName(instance, Number(number)) ? Number(number) : undefined
}

/** @returns undefined for a container that is no service's of this instance */
export function readServiceName(
  name: string,
  instance: string,
): { id: PreviewId; service: string; generation: number } | undefined {
  const start = `${networkName(instance)}.`
  if (!name.startsWith(start)) return undefined
  const [, repository, service, tag, generation] =
    /^([a-z][a-z0-9]{0,19})?[.]([a-z][a-z0-9]{0,19})-([A-Za-z0-9_.-]+)-(\d+)$/.exec(name.slice(start.length)) ?? []
  const of = read(tag)
  if (service === undefined || of === undefined) return undefined
  return { id: idOf({ repository: repository ?? NAMELESS, tag: of }), service, generation: Number(generation) }
}

/** @returns undefined for a container that is no preview's of this instance */
export function readContainerName(name: string, instance: string): { id: PreviewId; generation: number } | undefined {
  const start = networkName(instance)
  if (!name.startsWith(start)) return undefined
  const [, repository = NAMELESS, tag, generation] =
    /^(?:\.([a-z][a-z0-9]{0,19}))?-([A-Za-z0-9_.-]+)-(\d+)$/.exec(name.slice(start.length)) ?? []
  const of = read(tag)
  if (of === undefined) return undefined
  return { id: idOf({ repository, tag: of }), generation: Number(generation) }
}

/** What the names of all images of copies begin with. */
export function copyImages(instance: string): string {
  return `lotan-copy-${instance}`
}

/** On this engine alone: it is in no registry. */
export function copyImageName(instance: string, copy: PreviewId): string {
  const { repository, tag } = splitId(copy)
  const below = repository === NAMELESS ? '' : `${repository}/`
  return `${copyImages(instance)}/${below}${copyNameOf(tag)}:${baseTag(tag)}`
}

/** @returns undefined for an image that is no copy's of this instance */
export function readCopyImageName(name: string, instance: string): PreviewId | undefined {
  const start = `${copyImages(instance)}/`
  if (!name.startsWith(start)) return undefined
  const [, repository = NAMELESS, copy, base] =
    /^(?:([a-z][a-z0-9]{0,19})\/)?([a-z0-9-]+):(.+)$/.exec(name.slice(start.length)) ?? []
  if (copy === undefined || base === undefined) return undefined
  return idOf({ repository, tag: copyTag(base, copy) })
}

function write(tag: Tag): string {
  return isCopy(tag) ? `-${shownTag(tag)}` : tag
}

function read(written: string | undefined): Tag | undefined {
  if (written?.startsWith('-')) return readShownTag(written.slice(1))
  return written !== undefined && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(written) ? written : undefined
}
