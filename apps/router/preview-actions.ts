import type { Actor } from '../shared/actor.ts'
import type { Event } from '../shared/preview/event.ts'
import { UNDO_MS, type Pin, type Preview } from '../shared/preview/preview.ts'
import type { Nudges } from '../shared/queue.ts'
import type { Store } from '../shared/store/store.ts'
import type { PreviewId } from '../shared/preview/preview-id.ts'

export const actions = ['start', 'stop', 'restart', 'remove'] as const
export type PreviewAction = (typeof actions)[number]

interface Parts {
  store: Pick<Store, 'apply' | 'get'>
  nudges: Pick<Nudges, 'nudge'>
}

export function startsSomething(action: string): boolean {
  return action === 'start' || action === 'restart'
}

/** @returns the preview afterwards, changed or not; undefined where there is no such preview */
export async function applyAction(
  action: PreviewAction,
  id: PreviewId,
  by: 'admin' | 'api',
  actor: Actor,
  { store, nudges }: Parts,
): Promise<Preview | undefined> {
  // Who starts it wants it.
  if (startsSomething(action)) store.apply(id, { type: 'keep' }, Date.now(), actor)
  const changed = store.apply(id, eventOf(action, by), Date.now(), actor)
  if (!changed) return store.get(id)
  await nudges.nudge(changed)
  return changed
}

/** Noted, so that a start that comes before it is done has the newest image. @returns as `applyAction` does */
export async function applyRefresh(
  id: PreviewId,
  actor: Actor,
  { store, nudges }: { store: Pick<Store, 'apply' | 'get'>; nudges: Pick<Nudges, 'refresh'> },
): Promise<Preview | undefined> {
  const preview = store.apply(id, { type: 'refresh' }, Date.now(), actor) ?? store.get(id)
  if (preview) await nudges.refresh(preview)
  return preview
}

/**
 * Of what is closed a pin makes a preview, too, where none is left.
 * @param wanted null: unpinned @returns as `applyAction` does
 */
export async function applyPin(
  id: PreviewId,
  wanted: Pin | null,
  actor: Actor,
  { store, nudges }: Parts & { store: Pick<Store, 'standing'> },
): Promise<Preview | undefined> {
  const was = store.get(id)
  if (!was && store.standing(id, Date.now()).is !== 'closed') return undefined
  const changed = store.apply(id, wanted ? { type: 'pin', ...wanted } : { type: 'unpin' }, Date.now(), actor)
  // It was about to sleep, and is called back.
  if (changed && changed.change !== was?.change) await nudges.nudge(changed)
  return changed ?? store.get(id)
}

/** Removes it in ten seconds, unless that is taken back. @returns as `applyAction` does */
export function removeSoon(id: PreviewId, actor: Actor, store: Parts['store'], now: number): Preview | undefined {
  return store.apply(id, { type: 'removeSoon', at: now + UNDO_MS }, now, actor) ?? store.get(id)
}

/** @returns as `applyAction` does; undefined also where it has gone, or goes already */
export function keep(id: PreviewId, actor: Actor, store: Parts['store'], now: number): Preview | undefined {
  const kept = store.apply(id, { type: 'keep' }, now, actor) ?? store.get(id)
  return kept?.state === 'removing' ? undefined : kept
}

function eventOf(action: PreviewAction, by: 'admin' | 'api'): Event {
  switch (action) {
    case 'start':
      return { type: 'start', by }
    case 'stop':
      return { type: 'stop', why: 'asked' }
    default:
      return { type: action }
  }
}
