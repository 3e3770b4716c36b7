/** Lets the pull request of a fork run, and takes that back. It is for the change, later pushes too. */
import { baseTag } from '../shared/preview/copy-tag.ts'
import { baseId } from '../shared/preview/copy.ts'
import type { Actor } from '../shared/actor.ts'
import type { Config } from '../shared/config/config.ts'
import type { Approval } from '../shared/forge/change.ts'
import { mayBeOfAChange } from '../shared/forge/tag-templates.ts'
import type { Log } from '../shared/log.ts'
import { logFields, splitId, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Store } from '../shared/store/store.ts'

export interface Approved {
  /** Of the change; null while it is not known. */
  number: number | null
  approval: Approval | null
}

interface Context {
  config: Pick<Config, 'forge'>
  store: Pick<Store, 'standing' | 'approve'>
  log: Log
}

/** Whether there can be a change that the preview is of: else there is nothing to approve. */
export function isOfAChange(id: PreviewId, { config, store }: Pick<Context, 'config' | 'store'>, now: number): boolean {
  if (!config.forge) return false
  const standing = store.standing(id, now)
  if (standing.change) return true
  return (
    standing.is !== 'free' || (!standing.isTrusted && mayBeOfAChange(baseTag(splitId(id).tag), config.forge.templates))
  )
}

/** @param may false takes it back @returns undefined where there is nothing to approve */
export function approve(
  of: PreviewId,
  may: boolean,
  actor: Actor,
  { config, store, log }: Context,
  now = Date.now(),
): Approved | undefined {
  // A copy of a fork's preview stands and falls with its change.
  const id = baseId(of)
  if (!isOfAChange(id, { config, store }, now)) return undefined
  const { change } = store.standing(id, now)
  const approval = may ? { who: actor.who, at: now } : null
  store.approve(id, change, approval, now, actor)
  const number = change?.number ?? null
  log.info({ ...actor, ...logFields(id), number }, may ? 'change approved' : 'approval of a change taken back')
  return { number, approval }
}
