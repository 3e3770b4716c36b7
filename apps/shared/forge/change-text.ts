/** A change in a line of text. Title, author and branch are as their author wrote them at the forge. Pure. */
import type { Change } from './change.ts'

/** Line breaks, control characters, and what turns the direction of all that follows. */
const STEERS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/gu

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** On one line, with nothing that steers what shows it. @param most characters as people count them */
export function oneLine(text: string, most = Infinity): string {
  const plain = text.toWellFormed().replace(STEERS, ' ').replace(/\s+/g, ' ').trim()
  if (plain.length <= most) return plain
  let kept = ''
  let count = 0
  for (const { segment } of segmenter.segment(plain)) {
    // One character may be stacked from thousands.
    if (++count >= most || kept.length + segment.length > 4 * most) return `${kept.trimEnd()}…`
    kept += segment
  }
  return kept
}

/** `#3001`; GitLab writes `!3001`. */
export function changeName({ number }: Pick<Change, 'number'>, kind: string | undefined): string {
  return `${kind === 'gitlab' ? '!' : '#'}${number}`
}

/** `2 behind`; empty for what is not, or not known. */
export function behindText(commits: number | null): string {
  return commits ? `${commits} behind` : ''
}

/** For a link: nothing but http and https. */
export function changeUrl({ url }: Pick<Change, 'url'>): string {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : ''
}
