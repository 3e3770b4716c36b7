/** What a button of the admin has done, for the note that follows it. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { RowAction } from '../pages/list/row-actions.ts'
import { filterName } from './preview-names.ts'

const one: Record<RowAction, (tag: string) => string> = {
  start: (tag) => `${tag} starts.`,
  stop: (tag) => `${tag} stops. Its image stays.`,
  restart: (tag) => `${tag} restarts.`,
  refresh: (tag) => `Lotan looks for a newer image of ${tag}.`,
  pin: (tag) => `${tag} is pinned: it is neither stopped nor removed.`,
  unpin: (tag) => `${tag} is not pinned any more.`,
  approve: (tag) => `${tag} is approved, with what is pushed to it later. A visit starts it.`,
  disapprove: (tag) => `The approval of ${tag} is taken back: it is stopped.`,
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
  approve: 'previews are approved, with what is pushed to them later.',
  disapprove: 'approvals are taken back.',
  remove: 'previews go in 10\u00a0s, with their images.',
  keep: 'previews stay.',
}

/** @param refused those that their repository does not offer @param barred why others may not be brought up */
export function doneWords(
  action: RowAction,
  { ids, refused, barred }: { ids: PreviewId[]; refused: PreviewId[]; barred: { sentence: string }[] },
): string {
  const done =
    ids.length === 1 ? one[action](shownTag(ids[0]!)) : ids.length > 1 ? `${ids.length} ${several[action]}` : ''
  const byFilter = Map.groupBy(refused, (id) => filterName(splitId(id).repository))
  const left = Array.from(
    byFilter,
    ([filter, of]) => `The setting ${filter} does not let through ${of.map(shownTag).join(', ')}.`,
  )
  return (
    [done, ...left, ...barred.map(({ sentence }) => sentence)].filter(Boolean).join(' ') ||
    'There is no such preview any more.'
  )
}
