import { previewPath } from '../../../shared/api/paths.ts'
import { call, strange } from '../call.ts'
import { ending, exit, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames } from '../preview-name.ts'
import { explanation } from '../explain/page.ts'

export const explain: Definition = {
  name: 'explain',
  summary: 'Says what a preview runs with, where that comes from, and what happens next.',
  example: 'lotan explain pr-3001',
  define: (command) =>
    command.argument('<TAG>').option('--json', 'prints what the API answers').action(ending(run)),
} // prettier-ignore

async function run(id: string, { json: asJson }: { json?: true }): Promise<number> {
  checkNames([id])
  const { api, output } = openContext()
  const { json } = await call(api, `${previewPath(id)}/explain`)
  if (typeof json !== 'object' || json === null) throw strange(api, 'something else than an explanation')
  if (asJson) output.print(`${JSON.stringify(json, null, 2)}\n`)
  else {
    const screen = { width: output.width(), paint: output.paint }
    output.print(`${explanation(json, Date.now(), screen).join('\n')}\n`)
  }
  return exit.done
}
