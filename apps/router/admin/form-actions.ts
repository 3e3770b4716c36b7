/** What the buttons of the admin do: for a preview, and for several that were selected. */
import type { Actor } from '../../shared/actor.ts'
import { isTag } from '../../shared/tag.ts'
import type { Pin } from '../../shared/preview/preview.ts'
import { idOf, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { findRepository } from '../../shared/repository.ts'
import type { RouterContext } from '../context.ts'
import type { RowAction } from '../pages/list/row-actions.ts'
import { approve } from '../approvals.ts'
import { whyNot, type WhyNot } from '../../shared/barred.ts'
import { applyAction, applyPin, applyRefresh, keep, removeSoon, startsSomething } from '../preview-actions.ts'

type Context = Pick<RouterContext, 'config' | 'store' | 'nudges' | 'log'>
/** Undefined where there is nothing that it could be done to. */
type Act = (id: PreviewId, actor: Actor, context: Context, pin: Pin) => Promise<object | undefined>

const acts: Record<RowAction, Act> = {
  start: (id, actor, context) => applyAction('start', id, 'admin', actor, context),
  stop: (id, actor, context) => applyAction('stop', id, 'admin', actor, context),
  restart: (id, actor, context) => applyAction('restart', id, 'admin', actor, context),
  pin: (id, actor, context, pin) => applyPin(id, pin, actor, context),
  unpin: (id, actor, context) => applyPin(id, null, actor, context),
  approve: async (id, actor, context) => approve(id, true, actor, context),
  disapprove: async (id, actor, context) => approve(id, false, actor, context),
  remove: async (id, actor, { store }) => removeSoon(id, actor, store, Date.now()),
  keep: async (id, actor, { store }) => keep(id, actor, store, Date.now()),
  refresh: (id, actor, context) => applyRefresh(id, actor, context),
}

export const rowActions = Object.keys(acts) as RowAction[]

/** What takes an action back, and what that is called. */
const undone: Partial<Record<RowAction, RowAction>> = {
  stop: 'start',
  remove: 'keep',
  pin: 'unpin',
  unpin: 'pin',
  approve: 'disapprove',
}

export function undoOf(action: RowAction): RowAction | undefined {
  return undone[action]
}

export interface Done {
  ids: PreviewId[]
  /** Those that their repository does not offer: they may not be started. */
  refused: PreviewId[]
  /** Those that their change does not let be brought up, or kept. */
  barred: WhyNot[]
}

/** What brings a preview up, or an image of it here. */
const brings: ReadonlySet<RowAction> = new Set(['start', 'restart', 'refresh'])
/** What needs no row. */
const ofTags: ReadonlySet<RowAction> = new Set(['start', 'pin', 'approve', 'disapprove'])

/** What there is none of, and never was asked for, is left out. Only a start, or a pin of what is closed, makes a preview of a tag. */
export async function actOnAll(
  action: RowAction,
  ids: readonly PreviewId[],
  actor: Actor,
  context: Context,
  pin: Pin = { until: null },
): Promise<Done> {
  const done: Done = { ids: [], refused: [], barred: [] }
  for (const id of new Set(ids.map((id) => idOf(splitId(id))))) {
    const isKnown = context.store.get(id) !== undefined
    if (!isKnown && (!isTag(splitId(id).tag) || !ofTags.has(action))) continue
    // A preview of one that is not listed any more goes, and is not started again.
    if (startsSomething(action) && !findRepository(id, context.config)) continue
    const why = brings.has(action) || action === 'pin' ? whyNot(id, action === 'pin', context) : undefined
    if (startsSomething(action) && !context.config.offers(id)) done.refused.push(id)
    else if (why) done.barred.push(why)
    else if (await acts[action](id, actor, context, pin)) done.ids.push(id)
  }
  return done
}
