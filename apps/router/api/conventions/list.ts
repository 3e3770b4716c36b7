/**
 * What the calls that list something take: `state`, `q`, `sort`, `limit` and `after`. A page ends with a cursor: the
 * place of its last row in the order, not its number, so that rows that come and go in between move no other row.
 */
import type { Request, Response } from 'express'
import { z } from 'zod'
import { compareKeys, type PreviewKey } from '../../../shared/preview/preview-id.ts'
import { answer } from './operation.ts'
import { numberText } from './query.ts'

const MOST_ROWS = 1_000
const wrongLimit = `limit is a number of rows, 1 to ${MOST_ROWS}.`
const wrongAfter = 'after is what the Link header of the page before has, with the same sort.'

type Value = string | number | null
/** The order, then the row's value in it, and its key for rows with the same value. */
type Cursor = [sort: string, value: Value, repository: string, tag: string]
const cursor = z.tuple([z.string(), z.union([z.string(), z.number(), z.null()]), z.string(), z.string()])

export interface ListSent<State extends string = string, Field extends string = string> {
  state?: State[]
  q: string
  sort: Field | `-${Field}`
  limit?: number
  after?: string
}

export type Order<Row, Field extends string> = Record<Field, (row: Row) => Value>

export interface Page<Row> {
  rows: Row[]
  /** Null at the end. */
  after: string | null
}

/** @param fields what the rows can be sorted by; the first is the usual order */
export function listQuery<State extends string, Field extends string>(
  states: readonly [State, ...State[]],
  fields: readonly [Field, ...Field[]],
  { searches }: { searches: string },
) {
  const wrongState = `state is one of ${states.join(', ')}, or several with commas between them.`
  const sorts = fields.flatMap((field) => [field, `-${field}` as const])
  return z
    .object({
      state: z
        .string()
        .transform((text) => text.split(','))
        .pipe(z.array(z.enum(states, wrongState)))
        .optional()
        .meta({ description: 'Only those in these states.' }),
      q: z
        .string()
        .default('')
        .meta({ description: `Only those with this text in ${searches}, in any case.` }),
      sort: z
        .enum(sorts, `sort is one of ${sorts.join(', ')}.`)
        .default(fields[0] as never)
        .meta({ description: 'The field that they are sorted by; with `-` before it the largest is first.' }),
      limit: numberText(/^\d+$/, z.int().min(1, wrongLimit).max(MOST_ROWS, wrongLimit), wrongLimit)
        .optional()
        .meta({ description: 'As many at most; the header Link has the address of the next ones (RFC 8288).' }),
      after: z.string().optional().meta({ description: 'Where the page before ended. Its Link header has it.' }),
    })
    .refine(({ after, sort }) => after === undefined || readCursor(after, sort), { path: ['after'], error: wrongAfter })
}

export function pageOf<Row extends PreviewKey, Field extends string>(
  rows: readonly Row[],
  { sort, limit, after }: Pick<ListSent<string, Field>, 'sort' | 'limit' | 'after'>,
  order: Order<Row, Field>,
): Page<Row> {
  const [field, turn] = sort.startsWith('-') ? [sort.slice(1) as Field, -1] : [sort as Field, 1]
  const placeOf = (row: Row): Cursor => [sort, order[field](row), row.repository, row.tag]
  const from = after === undefined ? undefined : readCursor(after, sort)
  const placed = rows
    .map((row) => ({ row, place: placeOf(row) }))
    .filter(({ place }) => !from || turn * compare(place, from) > 0)
    .toSorted((a, b) => turn * compare(a.place, b.place))
  return cut(
    placed.map(({ row }) => row),
    limit,
    (row) => writeCursor(placeOf(row)),
  )
}

/** @param rows in their order from the page's start on; one more than `limit` is enough */
export function cut<Row>(rows: Row[], limit: number | undefined, cursorOf: (row: Row) => string): Page<Row> {
  if (limit === undefined || rows.length <= limit) return { rows, after: null }
  return { rows: rows.slice(0, limit), after: cursorOf(rows[limit - 1]!) }
}

export function pageAnswer(row: z.ZodType) {
  const next = { description: 'With rel="next", the address of the next page; at the end there is none.' }
  const schema = { type: 'string' }
  return { ...answer('In the order of `sort`.', z.array(row)), headers: { Link: { ...next, schema } } }
}

export function sendPage<Row>(
  req: Request,
  res: Response,
  { rows, after }: Page<Row>,
  viewsOf: (rows: Row[]) => object[],
) {
  if (after !== null) res.links({ next: addressOfNext(req, after) })
  return res.json(viewsOf(rows))
}

/** Without a host: how Lotan is reached, the client knows better. */
function addressOfNext(req: Request, after: string): string {
  const [path, query] = req.originalUrl.split('?')
  const parameters = new URLSearchParams(query)
  parameters.set('after', after)
  return `${path}?${parameters.toString()}`
}

export function writeCursor(place: Cursor): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Undefined where Lotan did not write it, or for another order. */
export function readCursor(text: string, sort: string): Cursor | undefined {
  try {
    const { data } = cursor.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString()))
    return data?.[0] === sort ? data : undefined
  } catch {
    return undefined
  }
}

function compare([, a, ...keyOfA]: Cursor, [, b, ...keyOfB]: Cursor): number {
  if (a !== b) return isLess(a, b) ? -1 : 1
  return compareKeys(keyIn(keyOfA), keyIn(keyOfB))
}

/** What has no value comes before what has one. */
function isLess(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === null
  return typeof a === typeof b ? a < b : typeof a < typeof b
}

function keyIn([repository, tag]: [string, string]): PreviewKey {
  return { repository, tag }
}
