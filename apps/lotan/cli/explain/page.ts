/** What the API explains of a preview, for people. All of it may be missing: another Lotan may say more or less. */
import { toneOf } from '../list/preview-table.ts'
import { nameOf } from '../preview-name.ts'
import type { Tone } from '../output.ts'
import { age } from '../table/age.ts'
import { tableOf, type Column } from '../table/table.ts'
import { plain } from '../table/width.ts'

export interface Explained {
  repository?: string
  tag?: string
  state?: string
  values?: Value[] | null
  variables?: Variable[] | null
  imageWords?: string
  change?: { words?: string } | null
  awake?: { words?: string } | null
  asleep?: { words?: string } | null
  waiter?: { words?: string } | null
  next?: { at?: string; words?: string }[]
  stack?: {
    words?: string
    problems?: string[]
    services?: { name: string; values?: Value[]; variables?: Variable[] }[]
  } | null
}

interface Variable {
  name: string
  value: string | null
  secret?: boolean
  from?: string | null
  words?: string | null
}

interface Value {
  name: string
  words?: string
  value?: string | number | null
  source?: string
  from?: string | null
  notice?: string | null
}

type Screen = { width: number; paint: (text: string, tone: Tone | undefined) => string }

const values: Column<Value>[] = [
  { head: 'WHAT', cell: ({ name }) => name },
  { head: 'IS', cell: ({ words, value }) => words ?? String(value ?? 'none'), least: 24 },
  // The words say it already.
  { head: 'FROM', cell: ({ words, source, from }) => (words ? '' : [source, from].filter(Boolean).join(' ')) },
  { head: 'NOTICE', cell: ({ notice }) => notice ?? '', tone: () => 'busy', least: 12, rank: 1 },
]

const variables: Column<Variable>[] = [
  { head: 'VARIABLE', cell: ({ name }) => name },
  { head: 'IS', cell: isWords, least: 24 },
  { head: 'FROM', cell: ({ from, words }) => from ?? words ?? 'Lotan' },
]

const ofServices: Column<Value & { service: string }>[] = [
  { head: 'SERVICE', cell: ({ service }) => service },
  ...values,
]

export function explanation(explained: Explained, now: number, screen: Screen): string[] {
  const {
    repository,
    tag = '',
    state = 'unknown',
    imageWords,
    change,
    awake,
    asleep,
    waiter,
    next = [],
    stack,
  } = explained
  return [
    `${plain(nameOf({ repository, tag }))} is ${screen.paint(plain(state), toneOf(state))}`,
    ...(imageWords ? [plain(imageWords)] : []),
    ...(stack?.words ? [plain(stack.words)] : []),
    ...(change?.words ? [plain(change.words)] : []),
    ...(awake?.words ? [plain(awake.words)] : []),
    ...(asleep?.words ? [plain(asleep.words)] : []),
    ...(waiter?.words ? [plain(waiter.words)] : []),
    ...next.map(({ at, words }) => {
      const ms = at ? Date.parse(at) - now : NaN
      return plain(`next: ${words ?? ''}${ms > 0 ? ` (in ${age(ms)})` : ''}`)
    }),
    ...tableUnless(values, explained.values, screen),
    ...tableUnless(variables, explained.variables, screen),
    ...(stack?.problems ?? []).map((problem) => plain(`stack: ${problem}`)),
    ...tableUnless(ofServices, servicesIn(stack), screen),
  ]
}

/** Values and variables of each service, a line each. */
function servicesIn(stack: Explained['stack']): (Value & { service: string })[] {
  return (stack?.services ?? []).flatMap(({ name: service, values = [], variables = [] }) => [
    ...values.map((value) => ({ service, ...value })),
    ...variables.map((variable) => ({ service, name: variable.name, words: isWords(variable) })),
  ])
}

function tableUnless<Row>(columns: Column<Row>[], rows: readonly Row[] | null | undefined, screen: Screen): string[] {
  return rows && rows.length > 0 ? ['', ...tableOf(columns, rows, screen)] : []
}

function isWords({ value, secret, words }: Variable): string {
  if (value !== null) return value
  if (secret) return '(secret)'
  return words ? '' : '(for admins)'
}
