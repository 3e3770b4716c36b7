import type { OfferedTag } from '../../../shared/api/offered-tag.ts'
import { repositoryPath } from '../../../shared/api/paths.ts'
import { NAMELESS } from '../../../shared/preview/preview-id.ts'
import { list } from '../call.ts'
import { ending, exit, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { holds } from '../list/preview-table.ts'
import { checkRepository, nameOf } from '../preview-name.ts'
import { tableOf, type Column } from '../table/table.ts'

export const tags: Definition = {
  name: 'tags',
  summary: 'Lists the tags that the registry offers.',
  example: 'lotan tags -q pr-',
  define: (command) =>
    command
      .option('--repository <NAME>', 'those of the repository of this name; else of the one without a name')
      .option('-q <TEXT>', 'only with this text in tag or digest')
      .option('--json', 'prints what the API answers')
      .action(ending(run)),
}

type Row = Pick<OfferedTag, 'tag' | 'url'> & Partial<OfferedTag>

const columnsOf = (repository?: string): Column<Row>[] => [
  { head: 'TAG', cell: ({ tag }) => nameOf({ repository, tag }), least: 12 },
  { head: 'PREVIEW', cell: ({ preview }) => (preview ? 'yes' : 'no'), tone: ({ preview }) => (preview ? 'good' : 'quiet') },
  { head: 'DIGEST', cell: ({ digest }) => digest?.replace(/^(sha256:.{12}).*/, '$1') ?? '–', rank: 1 },
  { head: 'ADDRESS', cell: ({ url }) => url, rank: 2 },
] // prettier-ignore

async function run({ repository, q, json }: { repository?: string; q?: string; json?: true }): Promise<number> {
  if (repository) checkRepository(repository)
  const { api, output } = openContext()
  const path = `${repositoryPath(repository ?? NAMELESS)}/tags${q ? `?q=${encodeURIComponent(q)}` : ''}`
  const rows = (await list(api, path, isRow)).filter(({ tag, digest }) => !q || holds(q, tag, digest))
  if (json) output.print(`${JSON.stringify(rows, null, 2)}\n`)
  else
    for (const line of tableOf(columnsOf(repository), rows, { ...output, width: output.width() }))
      output.print(`${line}\n`)
  return exit.done
}

export function isRow(json: unknown): json is Row {
  const { tag, url } = (json ?? {}) as { tag?: unknown; url?: unknown }
  return typeof tag === 'string' && typeof url === 'string'
}
