/** Which stack a preview has. The answer for a text is kept: it is asked for often. Pure but for that. */
import type { Config } from '../config/config.ts'
import { findRepository } from '../repository.ts'
import type { PreviewId } from '../preview/preview-id.ts'
import { standardPatterns } from './images.ts'
import { STACK_LABEL, unpackLabel } from './label.ts'
import { readStack } from './read-stack.ts'
import type { ReadStack } from './stack.ts'

/** With the longest label that is 1.6 MB. */
const MOST_KEPT = 100

const kept = new Map<string, ReadStack>()

/**
 * What LOTAN_STACK's file says, else the image's label; null where neither is there. The file may name any image: it is
 * the admin's own.
 */
export function stackOf(
  id: PreviewId,
  image: { labels: Record<string, string> },
  config: Pick<Config, 'stackText' | 'stackImages' | 'repositories'>,
): ReadStack | null {
  if (config.stackText !== null) return remembered(`file ${config.stackText}`, () => readStack(config.stackText!))
  const label = image.labels[STACK_LABEL]
  if (label === undefined) return null
  const patterns = patternsFor(id, config)
  return remembered(`label ${patterns.join(' ')} ${label}`, () => readLabel(label, patterns))
}

/** Images of another repository's namespace are not for everyone who can push to this one. */
function patternsFor(id: PreviewId, config: Pick<Config, 'stackImages' | 'repositories'>): readonly string[] {
  const reference = findRepository(id, config)?.reference
  return config.stackImages ?? standardPatterns(reference === undefined ? [] : [reference])
}

function readLabel(label: string, patterns: readonly string[]): ReadStack {
  const unpacked = unpackLabel(label)
  if ('text' in unpacked) return readStack(unpacked.text, patterns)
  return { problems: [{ line: null, key: STACK_LABEL, problem: unpacked.problem }] }
}

function remembered(key: string, read: () => ReadStack): ReadStack {
  const found = kept.get(key) ?? read()
  kept.delete(key)
  kept.set(key, found)
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return found
}
