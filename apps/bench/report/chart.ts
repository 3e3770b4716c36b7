/** Bars as SVG: each finding's ratio, the middle 80 % of its rounds as a line, and the bar and the aim as marks. */
import { quantile } from '../measure/figures.ts'
import { inWords, outcomes, verdict, type Finding } from '../measure/finding.ts'

const WIDTH = 860
const LABEL = 380
const VALUES = 84
const ROW = 26
const TOP = 44
const PLOT = WIDTH - LABEL - VALUES

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .small { font-size: 11px; fill: #59636e }
  .aim, .holds { fill: #2da44e } .missed { fill: #d4762c } .none { fill: #8c959f }
  .line { stroke: #59636e } .one { stroke: #1f2328; stroke-dasharray: 3 3 }
  .mark { stroke: #0969da; stroke-width: 2 } .goal { stroke: #0969da; stroke-dasharray: 2 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .line { stroke: #9198a1 } .one { stroke: #e6edf3 }
    .mark, .goal { stroke: #58a6ff }
  }`

/** @param findings compared by ratio */
export function bars(title: string, findings: Finding[]): string {
  const top = Math.max(...findings.map((finding) => quantile(outcomes(finding), 0.9)), 1.1)
  const at = (ratio: number) => LABEL + (Math.min(ratio, top) / top) * PLOT
  const height = TOP + findings.length * ROW + 12
  const rows = findings.map((finding, i) => row(finding, TOP + i * ROW, at))
  return document(height, title, [
    text(8, 18, title, 'title'),
    text(8, 34, '| bar   ┆ aim   ─ middle 80 % of the rounds   ┊ 1.00, the baseline', 'small'),
    ...rows,
    vertical(at(1), TOP - 6, height - 8, 'one'),
  ])
}

function row(finding: Finding, y: number, at: (ratio: number) => number): string {
  const values = outcomes(finding)
  const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(values, share)) as [number, number, number]
  const { bar } = finding
  return [
    text(8, y + 15, finding.question),
    `<rect class="${verdict(finding) ?? 'none'}" x="${LABEL}" y="${y + 4}" width="${round(at(middle) - LABEL)}" height="14" rx="2"/>`,
    `<path class="line" d="M${round(at(low))} ${y + 11}H${round(at(high))}"/>`,
    bar ? vertical(at(bar.atLeast), y + 1, y + 21, 'mark') : '',
    bar?.aim === undefined ? '' : vertical(at(bar.aim), y + 1, y + 21, 'goal'),
    text(WIDTH - VALUES + 12, y + 15, inWords(middle, finding)),
  ].join('\n')
}

/** One click in milliseconds: a stage below the one before, and it begins where that ends. */
export function stages(title: string, list: { name: string; ms: number }[]): string {
  const total = list.reduce((sum, { ms }) => sum + ms, 0)
  const px = (ms: number) => (ms / total) * PLOT
  let from = 0
  const rows = list.map(({ name, ms }, i) => {
    const y = TOP + i * ROW
    const left = LABEL + px(from)
    from += ms
    return [
      text(8, y + 15, name),
      `<rect class="holds" x="${round(left)}" y="${y + 4}" width="${round(Math.max(1, px(ms)))}" height="14" rx="2"/>`,
      text(WIDTH - VALUES + 12, y + 15, `${ms.toFixed(1)} ms`),
    ].join('\n')
  })
  return document(TOP + list.length * ROW + 12, title, [
    text(8, 18, title, 'title'),
    text(8, 34, `${total.toFixed(0)} ms from the click to its first byte: medians`, 'small'),
    ...rows,
  ])
}

function document(height: number, title: string, parts: string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`
  return [head, `<style>${style}</style>`, ...parts.filter(Boolean), '</svg>', ''].join('\n')
}

function text(x: number, y: number, words: string, kind = ''): string {
  return `<text x="${x}" y="${y}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`
}

function vertical(x: number, from: number, to: number, kind: string): string {
  return `<path class="${kind}" d="M${round(x)} ${from}V${to}"/>`
}

function round(value: number): string {
  return value.toFixed(1)
}

function escaped(words: string): string {
  return words.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
