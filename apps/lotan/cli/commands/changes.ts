import type { PullRequestJson } from '../../../shared/api/pull-request.ts'
import { behindText, oneLine } from '../../../shared/forge/change-text.ts'
import { list } from '../call.ts'
import { ending, exit, UsageError, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { toneOf } from '../list/preview-table.ts'
import { tableOf, type Column } from '../table/table.ts'

interface Options {
  state?: string
  q?: string
  json?: true
}

/** Of an older or newer Lotan the rest may be missing. */
type Row = Pick<PullRequestJson, 'number' | 'title'> & Partial<PullRequestJson>

const states = ['open', 'closed', 'merged']

export const changes: Definition = {
  name: 'changes',
  summary: 'Lists the pull or merge requests that are known, with their previews.',
  example: 'lotan changes --state open',
  define: (command) =>
    command
      .option('--state <STATES>', 'only these, separated by commas: open, closed, merged')
      .option('-q <TEXT>', 'only with this text in number, title, author, branch or tag')
      .option('--json', 'prints what the API answers')
      .action(ending(run)),
}

async function run({ state, q, json }: Options): Promise<number> {
  const wanted = state?.split(',').filter(Boolean)
  const stranger = wanted?.find((name) => !states.includes(name))
  if (stranger !== undefined) throw new UsageError(`'${stranger}' is no state of a change: ${states.join(', ')}`)
  const { api, output, say } = openContext()
  const query = new URLSearchParams({ ...(wanted && { state: wanted.join(',') }), ...(q && { q }) })
  const rows = await list(api, `/changes${query.size > 0 ? `?${query.toString()}` : ''}`, isRow)
  const screen = { ...output, width: output.width() }
  const lines = json ? [JSON.stringify(rows, null, 2)] : tableOf(columns, rows, screen)
  output.print(`${lines.join('\n')}\n`)
  if (rows.length === 0 && query.size === 0 && !json)
    say('no change is known: they are read from the forge that LOTAN_FORGE names')
  return exit.done
}

const columns: Column<Row>[] = [
  { head: 'REPOSITORY', cell: ({ repository = '' }) => repository },
  { head: 'NUMBER', cell: ({ number }) => String(number) },
  // Open ones are most of them.
  { head: 'IS', cell: isWords, tone: () => 'quiet', rank: 4 },
  { head: 'TITLE', cell: ({ title }) => oneLine(title, 60), least: 16 },
  { head: 'AUTHOR', cell: ({ author = '' }) => oneLine(author), least: 8, rank: 2 },
  { head: 'BRANCH', cell: ({ branch = '' }) => oneLine(branch), least: 12, rank: 1 },
  { head: 'TAG', cell: ({ tag }) => tag ?? '–', least: 12 },
  { head: 'PREVIEW', cell: ({ preview }) => preview ?? '–', tone: ({ preview }) => toneOf(preview ?? '') },
  { head: 'BEHIND', cell: ({ behind = null }) => behindText(behind), tone: () => 'busy', rank: 3 },
]

function isWords({ state = 'open', fork }: Row): string {
  return [state === 'open' ? '' : state, fork ? 'fork' : ''].filter(Boolean).join(', ')
}

function isRow(json: unknown): json is Row {
  const { number, title } = (json ?? {}) as Record<string, unknown>
  return typeof number === 'number' && typeof title === 'string'
}
