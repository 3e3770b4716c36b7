import { spawn } from 'node:child_process'
import { previewPath, repositoryPath } from '../../../shared/api/paths.ts'
import { splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { call, list, strange } from '../call.ts'
import { ending, exit, Failure, type Definition } from '../command.ts'
import { openContext, type Context } from '../context.ts'
import { checkNames } from '../preview-name.ts'
import { isRow } from './tags.ts'

export const open: Definition = {
  name: 'open',
  summary: 'Prints the address of a preview, and opens it where there is a browser.',
  example: 'lotan open pr-3001',
  define: (command) =>
    command.argument('<TAG>').option('--print', 'only prints the address').action(ending(run)),
} // prettier-ignore

async function run(id: string, { print }: { print?: true }): Promise<number> {
  checkNames([id])
  const context = openContext()
  const url = await addressOf(id, context)
  context.output.print(`${url}\n`)
  // In a pipe the address is what is wanted.
  if (!print && context.hasDisplay && context.output.isTerminal) await browse(url)
  return exit.done
}

/** Lotan knows the rule of host names: of a tag that is no preview yet, its list of tags says it. */
async function addressOf(id: PreviewId, { api }: Context): Promise<string> {
  try {
    const { json } = await call(api, previewPath(id))
    if (isRow(json)) return json.url
    throw strange(api, 'something else than a preview')
  } catch (error) {
    if (!(error instanceof Failure) || error.status !== exit.missing) throw error
    const { repository, tag } = splitId(id)
    const offered = (await list(api, `${repositoryPath(repository)}/tags`, isRow)).find((row) => row.tag === tag)
    if (offered) return offered.url
    throw error
  }
}

async function browse(url: string): Promise<void> {
  // The address comes from a server: only what a browser opens is handed on.
  if (!/^https?:\/\//.test(url)) return
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const child = spawn(program, [url], { detached: true, stdio: 'ignore' })
  child.unref()
  // Without such a program the address is printed all the same.
  await new Promise((resolve) => child.once('spawn', resolve).once('error', resolve))
}
