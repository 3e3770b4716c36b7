/** Copies of previews are asked for here, and made by the queue-processor. */
import type { Actor } from '../shared/actor.ts'
import type { ProblemName } from '../shared/api/problems.ts'
import type { Config } from '../shared/config/config.ts'
import type { Log } from '../shared/log.ts'
import { copyId } from '../shared/preview/copy.ts'
import { shownTag } from '../shared/preview/copy-tag.ts'
import { logFields, type PreviewId } from '../shared/preview/preview-id.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'

export interface CopyToMake {
  as: string
  kept: boolean
  /** Milliseconds; undefined for what is usual: none of a kept copy, LOTAN_DATA_DAYS of a clone. */
  lasts: number | undefined
}

export type AskedFor = { copy: PreviewId } | { problem: ProblemName; sentence: string }

interface Context {
  config: Pick<Config, 'dataFor'>
  store: Pick<Store, 'get' | 'standing' | 'copies'>
  nudges: Pick<Nudges, 'data'>
  log: Log
}

/** @param of a preview that there is @param sees whether the caller may know of the copy */
export async function askForCopy(
  of: PreviewId,
  { as, kept, lasts }: CopyToMake,
  actor: Actor,
  sees: (id: PreviewId) => boolean,
  { config, store, nudges, log }: Context,
): Promise<AskedFor> {
  const copy = copyId(of, as)
  const [name, original] = [shownTag(copy), shownTag(of)]
  if (!sees(copy)) return { problem: 'not-allowed', sentence: `This token is for other tags than ${name}.` }
  const { is } = store.standing(of, Date.now())
  if (is === 'asks' || is === 'refused')
    return {
      problem: 'approval-needed',
      sentence: `${original} comes from a fork and is not approved: no copy is made of it.`,
    }
  if (!store.get(of)?.image)
    return { problem: 'nothing-to-copy', sentence: `The image of ${original} is not here. Start it first.` }
  const usual = kept ? null : config.dataFor
  const wish = { copy, of, kept, lasts: lasts ?? usual, askedAt: Date.now(), actor }
  if (!store.copies.ask(wish))
    return {
      problem: 'in-use',
      sentence: `${name} is there already, or being made. Choose another name, or remove it.`,
    }
  log.info({ ...actor, ...logFields(of), as: name, kept }, 'a copy was asked for')
  await nudges.data(of)
  return { copy }
}
