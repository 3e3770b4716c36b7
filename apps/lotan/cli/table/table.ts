/** Rows below a head, as wide as the terminal at most: the least important columns go first. */
import { cut, plain, widthOf } from './width.ts'
import type { Tone } from '../output.ts'

export interface Column<Row> {
  head: string
  cell: (row: Row) => string
  tone?: (row: Row) => Tone | undefined
  /** May be cut down to so many columns. */
  least?: number
  /** Left out where there is no room, the lowest number first. */
  rank?: number
}

interface Laid<Row> {
  column: Column<Row>
  cells: string[]
  width: number
}

const GAP = 2

/** @param width Infinity: nothing is cut @returns lines; a column that is empty in all rows is left out */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint }: { width: number; paint: (text: string, tone: Tone | undefined) => string },
): string[] {
  const all = columns
    .map((column) => laid(column, rows))
    .filter(({ cells }) => rows.length === 0 || cells.some((cell) => cell !== ''))
  const shown = fitted(all, width)
  const line = (cellOf: (laid: Laid<Row>) => { text: string; tone?: Tone }) =>
    shown
      .map((each, i) => {
        const { text, tone } = cellOf(each)
        const short = cut(text, each.width)
        const rest = i === shown.length - 1 ? '' : ' '.repeat(each.width - widthOf(short) + GAP)
        return paint(short, tone) + rest
      })
      .join('')
      .trimEnd()
  const head = line(({ column }) => ({ text: column.head, tone: 'quiet' }))
  return [head, ...rows.map((row, i) => line(({ column, cells }) => ({ text: cells[i]!, tone: column.tone?.(row) })))]
}

function laid<Row>(column: Column<Row>, rows: readonly Row[]): Laid<Row> {
  const cells = rows.map((row) => plain(column.cell(row)))
  return { column, cells, width: [column.head, ...cells].reduce((most, text) => Math.max(most, widthOf(text)), 0) }
}

function fitted<Row>(all: readonly Laid<Row>[], width: number): Laid<Row>[] {
  const over = (shown: readonly Laid<Row>[]) =>
    shown.reduce((sum, each) => sum + each.width, GAP * (shown.length - 1)) - width
  for (let shown = [...all]; ; shown = withoutLeast(shown)) {
    // The last column gives way first: it holds the longest words.
    const narrow = shown.reduceRight<Laid<Row>[]>((narrowed, each, i) => {
      const excess = over([...shown.slice(0, i + 1), ...narrowed])
      const least = Math.min(each.width, each.column.least ?? each.width)
      return [{ ...each, width: Math.max(least, each.width - Math.max(0, excess)) }, ...narrowed]
    }, [])
    if (over(narrow) <= 0) return narrow
    if (!shown.some(({ column }) => column.rank !== undefined)) return forced(narrow, width)
  }
}

function withoutLeast<Row>(shown: Laid<Row>[]): Laid<Row>[] {
  const least = Math.min(...shown.map(({ column }) => column.rank ?? Infinity))
  return shown.filter(({ column }) => column.rank !== least)
}

/** A terminal that is narrower than the rest: as much of it as there is room for. */
function forced<Row>(shown: readonly Laid<Row>[], width: number): Laid<Row>[] {
  let left = width
  return shown.flatMap((each, i) => {
    left -= i === 0 ? 0 : GAP
    const room = Math.min(each.width, left)
    left -= room
    return room > 0 ? [{ ...each, width: room }] : []
  })
}
