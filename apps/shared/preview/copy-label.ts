/** What the image of a kept copy says of it, for a database that was lost: the only file that writes and reads it. Pure. */
import type { Copy } from './copy.ts'
import { shownTag } from './copy-tag.ts'
import { splitId, type PreviewId } from './preview-id.ts'

const KEPT = 'lotan.kept'

interface Kept extends Pick<Copy, 'of' | 'at' | 'trusted'> {
  /** An image that was made of this one has the label too, and is another copy's. */
  as: string
}

export function keptLabels(copy: PreviewId, { of, at, trusted }: Pick<Copy, 'of' | 'at' | 'trusted'>) {
  return { [KEPT]: JSON.stringify({ as: shownTag(splitId(copy).tag), of, at, trusted } satisfies Kept) }
}

/** @returns undefined for the image of a clone, and for one that another program has labelled */
export function readKept(copy: PreviewId, labels: Record<string, string>): Copy | undefined {
  try {
    const kept = JSON.parse(labels[KEPT] ?? 'null') as Partial<Kept> | null
    if (kept?.as !== shownTag(splitId(copy).tag) || typeof kept.of !== 'string') return undefined
    return { of: kept.of, at: Number(kept.at) || 0, kept: true, trusted: kept.trusted === true }
  } catch {
    return undefined
  }
}

/**
 * A copy that no database knows any more. Of a clone nothing is known but that it is one: its pin begins anew.
 * @param lasts how long a clone is kept, milliseconds
 */
export function copyFound(
  copy: PreviewId,
  labels: Record<string, string>,
  { base, trusted, lasts, now }: { base: string; trusted: boolean; lasts: number; now: number },
): { copy: Copy; until: number | null } {
  const kept = readKept(copy, labels)
  if (kept) return { copy: { ...kept, trusted: kept.trusted && trusted }, until: null }
  return { copy: { of: base, at: now, kept: false, trusted }, until: now + lasts }
}
