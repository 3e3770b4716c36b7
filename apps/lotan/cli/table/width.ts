/** How many columns of a terminal a text takes. */
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Of East Asian width W or F (UAX 11), and emoji that are shown as such. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\u3130-\u318f\uff01-\uff60\uffe0-\uffe6]/u
/** Halfwidth forms are of these scripts too. */
const HALF = /[\uff61-\uffdc]/u
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

export function widthOf(text: string): number {
  // Most texts.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += widthOfOne(segment)
  return width
}

/** At most `columns` wide; what is cut ends in `…`. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  let left = columns - 1
  for (const { segment } of segmenter.segment(text)) {
    left -= widthOfOne(segment)
    if (left < 0) break
    kept += segment
  }
  return columns > 0 ? `${kept.trimEnd()}…` : ''
}

/** One line without control characters: what an image or an engine says must not steer the terminal. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}

function widthOfOne(segment: string): number {
  if (NONE.test(segment)) return 0
  return WIDE.test(segment) && !HALF.test(segment) ? 2 : 1
}
