import { preview } from '../../../shared/api/preview.ts'
import { NAMELESS } from '../../../shared/preview/preview-id.ts'
import { list as listAll } from '../call.ts'
import { ending, exit, UsageError, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { holds, isRow, previewTable, type Row } from '../list/preview-table.ts'
import { checkRepository } from '../preview-name.ts'
import { watch } from '../list/watch.ts'

interface Options {
  repository?: string
  state?: string
  q?: string
  watch?: true
  json?: true
}

const states: readonly string[] = preview.shape.state.options

export const list: Definition = {
  name: 'list',
  summary: 'Lists the previews, with their states and addresses.',
  example: 'lotan list --state running,starting',
  define: (command) =>
    command
      .option('--repository <NAME>', 'only those of the repository of this name')
      .option('--state <STATES>', 'only these, separated by commas')
      .option('-q <TEXT>', 'only with this text in tag, digest, revision, reason or change')
      .option('--watch', 'stays, and shows what changes')
      .option('--json', 'prints what the API answers; with --watch a line for each change')
      .action(ending(run)),
}

/** As the API finds changes. */
function textsOf({ change }: Row): (string | undefined)[] {
  return change ? [`#${change.number}`, `!${change.number}`, change.title, change.author, change.branch] : []
}

async function run({ repository, state, q, watch: watches, json }: Options): Promise<number> {
  const wanted = state?.split(',').filter(Boolean)
  const stranger = wanted?.find((name) => !states.includes(name))
  if (stranger !== undefined) throw new UsageError(`'${stranger}' is no state: ${states.join(', ')}`)
  if (repository) checkRepository(repository)
  const context = openContext()
  const { api, output } = context
  const matches = (row: Row) =>
    (repository === undefined || (row.repository ?? NAMELESS) === repository) &&
    (!wanted || wanted.includes(row.state)) &&
    (!q || holds(q, row.tag, row.digest, row.revision, row.reason, ...textsOf(row)))
  if (watches) return watch(context, { matches, json: json === true })

  const query = new URLSearchParams({
    ...(repository !== undefined && { repository }),
    ...(wanted && { state: wanted.join(',') }),
    ...(q && { q }),
  })
  // An older Lotan does not know these filters.
  const rows = (await listAll(api, `/previews${query.size > 0 ? `?${query.toString()}` : ''}`, isRow)).filter(matches)
  if (json) output.print(`${JSON.stringify(rows, null, 2)}\n`)
  else
    for (const line of previewTable(rows, Date.now(), { ...output, width: output.width() })) output.print(`${line}\n`)
  return exit.done
}
