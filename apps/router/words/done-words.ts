/** What a button of the admin has done, for the note that follows it. */
import type { RowAction } from '../pages/list/row-actions.ts'

const one: Record<RowAction, (tag: string) => string> = {
  start: (tag) => `${tag} starts.`,
  stop: (tag) => `${tag} stops. Its image stays.`,
  restart: (tag) => `${tag} restarts.`,
  refresh: (tag) => `Lotan looks for a newer image of ${tag}.`,
  pin: (tag) => `${tag} is pinned: it is neither stopped nor removed.`,
  unpin: (tag) => `${tag} is not pinned any more.`,
  remove: (tag) => `${tag} goes in 10\u00a0s, with its image.`,
  keep: (tag) => `${tag} stays.`,
}

const several: Record<RowAction, string> = {
  start: 'previews start.',
  stop: 'previews stop. Their images stay.',
  restart: 'previews restart.',
  refresh: 'previews: Lotan looks for newer images.',
  pin: 'previews are pinned: they are neither stopped nor removed.',
  unpin: 'previews are not pinned any more.',
  remove: 'previews go in 10\u00a0s, with their images.',
  keep: 'previews stay.',
}

/** @param refused those that TAG_FILTER does not let be started */
export function doneWords(action: RowAction, { tags, refused }: { tags: string[]; refused: string[] }): string {
  const done = tags.length === 1 ? one[action](tags[0]!) : tags.length > 1 ? `${tags.length} ${several[action]}` : ''
  const left = refused.length ? `The setting TAG_FILTER does not let through ${refused.join(', ')}.` : ''
  return [done, left].filter(Boolean).join(' ') || 'There is no such preview any more.'
}
