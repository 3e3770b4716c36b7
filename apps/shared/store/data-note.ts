/** What the history tells of a preview's data. */
export type DataNote =
  /** Another program removed a volume: it was made again, without what it held. As its stack names it. */
  | { type: 'volumeLost' | 'volumeRemoved'; volume: string }
  /** `frozen`: how long it stood still for that, milliseconds; 0 where it did not run. */
  | { type: 'snapshot'; snapshot: string; frozen: number }
  | { type: 'snapshotRemoved' | 'snapshotPublished' | 'snapshotUnpublished'; snapshot: string }
  /** Null: with empty volumes. */
  | { type: 'reset'; snapshot: string | null }
  /** Who reads them is noted, and not what they are. */
  | { type: 'secretsRead' }

export function detailOfDataNote(note: DataNote): string | null {
  if (note.type === 'snapshot')
    return note.frozen > 0 ? `${note.snapshot}, frozen for ${Math.ceil(note.frozen)} ms` : note.snapshot
  if ('snapshot' in note) return note.snapshot
  return 'volume' in note ? note.volume : null
}
