import { previewPath } from '../../../shared/api/paths.ts'
import { call, strange } from '../call.ts'
import { ending, exit, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames } from '../preview-name.ts'

interface Options {
  end?: true
  json?: true
}

export const approve: Definition = {
  name: 'approve',
  summary: 'Lets the pull request of a fork run, later pushes too; or takes that back.',
  example: 'lotan approve pr-3031',
  define: (command) =>
    command
      .argument('<TAG>')
      .option('--end', 'takes the approval back: its preview is stopped')
      .option('--json', 'prints what the API answers')
      .action(ending(run)),
}

async function run(id: string, { end, json: asJson }: Options): Promise<number> {
  checkNames([id])
  const { api, output } = openContext()
  const { json } = await call(api, `${previewPath(id)}/approve`, { method: end ? 'DELETE' : 'POST' })
  const { tag, approved } = (json ?? {}) as Partial<Record<string, unknown>>
  if (typeof tag !== 'string' || approved === undefined) throw strange(api, 'something else than an approval')
  output.print(
    asJson ? `${JSON.stringify(json, null, 2)}\n` : `${id}  ${approved === null ? 'not approved' : 'approved'}\n`,
  )
  return exit.done
}
