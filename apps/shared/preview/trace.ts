/** Which request a preview's start goes back to: the first that asked for it, until it has ended. */
import type { Actor } from '../actor.ts'
import { comesUp, type Preview } from './preview.ts'

/** @param becomes after a change that `actor` made @returns what it keeps of that */
export function requestOf(was: Preview | undefined, becomes: Preview, actor: Pick<Actor, 'request'>): string | null {
  return comesUp(becomes) ? (was?.request ?? actor.request ?? null) : null
}

/** What history and log tell of that change: its own request, or that of the start that it is a step of. */
export function tracedTo(was: Preview | undefined, becomes: Preview, actor: Pick<Actor, 'request'>): string | null {
  return actor.request ?? was?.request ?? becomes.request
}
