/** How the command line names previews: `pr-7`, and `api/pr-7` in a repository with a name. */
import { readShownTag } from '../../shared/preview/copy-tag.ts'
import { idOf, NAMELESS, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { isTag } from '../../shared/tag.ts'
import { UsageError } from './command.ts'

/** An older Lotan has one repository, and sends none. */
export interface Named {
  repository?: string
  tag: string
}

export function nameOf({ repository = NAMELESS, tag }: Named): PreviewId {
  return idOf({ repository, tag })
}

/** @throws UsageError: what is sent becomes a part of a path */
export function checkNames(names: readonly string[]): void {
  for (const name of names) {
    const { repository, tag }: { repository: string; tag: string } = splitId(name)
    if (name.includes('/')) checkRepository(repository)
    if (!isTag(tag) && readShownTag(tag) === undefined) throw new UsageError(`'${tag}' is no valid image tag`)
  }
}

/** @throws UsageError */
export function checkRepository(name: string): void {
  if (!/^[a-z][a-z0-9]{0,19}$/.test(name))
    throw new UsageError(`'${name}' is no name of a repository: lotan repositories lists those that there are`)
}
