import type { RepositoryJson } from '../../../shared/api/repository.ts'
import { list } from '../call.ts'
import { ending, exit, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { age } from '../table/age.ts'
import { tableOf, type Column } from '../table/table.ts'

export const repositories: Definition = {
  name: 'repositories',
  summary: 'Lists the repositories whose tags may run.',
  example: 'lotan repositories',
  define: (command) => command.option('--json', 'prints what the API answers').action(ending(run)),
}

type Row = Pick<RepositoryJson, 'name' | 'reference'> & Partial<RepositoryJson>

async function run({ json }: { json?: true }): Promise<number> {
  const { api, output } = openContext()
  const rows = await list(api, '/repositories', isRow)
  const screen = { width: output.width(), paint: output.paint }
  const lines = json ? [JSON.stringify(rows, null, 2)] : tableOf(columnsAt(Date.now()), rows, screen)
  output.print(`${lines.join('\n')}\n`)
  return exit.done
}

function columnsAt(now: number): Column<Row>[] {
  return [
    { head: 'NAME', cell: ({ name }) => name || '–' },
    { head: 'PREVIEWS', cell: ({ previews }) => String(previews ?? '–') },
    { head: 'TAGS', cell: ({ registry }) => String(registry?.tags ?? '–') },
    {
      head: 'READ',
      cell: ({ registry }) => registry?.error ?? (registry ? `${age(now - Date.parse(registry.at))} ago` : '–'),
      tone: ({ registry }) => (registry?.error ? 'bad' : undefined),
      rank: 1,
    },
    { head: 'IMAGES', cell: ({ reference }) => reference, least: 16 },
    { head: 'HOSTS', cell: ({ host }) => host ?? '', rank: 2 },
  ]
}

export function isRow(json: unknown): json is Row {
  const { name, reference } = (json ?? {}) as Record<string, unknown>
  return typeof name === 'string' && typeof reference === 'string'
}
