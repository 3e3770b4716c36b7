/** Pure. A badge as an SVG: the word "preview", and beside it a state with its colour and shape. */

export interface Badge {
  text: string
  colour: string
  /** Drawn at 4 to 16 of both axes. */
  shape: string
}

const LABEL = 'preview'
const SIZE = 11
/** Room at the outer ends, and between the label and the state. */
const [END, GAP] = [7, 6]
/** Of the shape before a state's text, and room behind that. */
const [SHAPE, REST] = [20, 8]

export function badgeSvg({ text, colour, shape }: Badge): string {
  const [label, state] = [widthOf(LABEL), widthOf(text)]
  const left = END + label + GAP
  const right = SHAPE + state + REST
  const name = escaped(`${LABEL}: ${text}`)
  const width = left + right
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${name}">
  <title>${name}</title>
  <clipPath id="r"><rect width="${width}" height="20" rx="4"/></clipPath>
  <g clip-path="url(#r)"><path fill="#24292f" d="M0 0h${left}v20H0z"/><path fill="${colour}" d="M${left} 0h${right}v20H${left}z"/></g>
  <g transform="translate(${left})" fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${shape}</g>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="${SIZE}"><text x="${END}" y="14" textLength="${label}">${LABEL}</text><text x="${left + SHAPE}" y="14" textLength="${state}">${escaped(text)}</text></g>
</svg>
`
}

/** Verdana's, in thousandths of the font's size: a-z, then what else texts have. Other fonts are fitted by textLength. */
const widths: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    [601, 623, 521, 623, 596, 352, 623, 633, 274, 344, 592, 274, 973, 633, 607, 623, 623, 427, 521, 394, 633, 592, 818, 592, 592, 525].map(
      (width, i) => [String.fromCharCode(97 + i), width],
    ),
  ),
  ' ': 352,
  ',': 364,
} // prettier-ignore
const WIDEST = 1_000

/** In pixels. */
function widthOf(text: string): number {
  const thousandths = [...text].reduce((sum, letter) => sum + (widths[letter] ?? WIDEST), 0)
  return Math.ceil((thousandths * SIZE) / 1_000)
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML knows no control characters, and no halves of a pair. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"]/g, (letter) => entities[letter]!)
}
