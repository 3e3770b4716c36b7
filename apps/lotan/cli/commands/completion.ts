import { repositoryPath } from '../../../shared/api/paths.ts'
import { NAMELESS, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { list } from '../call.ts'
import { ending, exit, UsageError, type Definition } from '../command.ts'
import { scriptOf } from '../completion/scripts.ts'
import { openContext } from '../context.ts'
import { nameOf, type Named } from '../preview-name.ts'
import { isRow as isRepository } from './repositories.ts'

export const completion: Definition = {
  name: 'completion',
  summary: 'Prints a script with which a shell completes commands, options and tags.',
  example: 'eval "$(lotan completion bash)"',
  define: (command) =>
    command.argument('<SHELL>', 'bash or zsh').action(
      ending(async (shell: string) => {
        // The scripts ask for them.
        if (shell === 'tags') return printTags()
        if (shell !== 'bash' && shell !== 'zsh') throw new UsageError('SHELL is bash or zsh')
        process.stdout.write(scriptOf(shell, command.parent!))
        return exit.done
      }),
    ),
}

/** Those of previews and those that the registry offers; none where no Lotan answers: a shell shows no errors. */
async function printTags(): Promise<number> {
  const { api, output } = openContext()
  const of = async (path: string, repository?: string) =>
    (await list(api, path, hasTag)).map((row) => nameOf({ repository, ...row }))
  // An older Lotan has one repository, and does not list it.
  const repositories = await list(api, '/repositories', isRepository).catch(() => [{ name: NAMELESS }])
  const offered = repositories.map(({ name }) => of(`${repositoryPath(name)}/tags`, name))
  const ids = new Set((await Promise.all([of('/previews'), ...offered])).flat().filter(isPlain))
  output.print(`${[...ids].sort().join('\n')}\n`)
  return exit.done
}

function hasTag(json: unknown): json is Named {
  const { repository, tag } = (json ?? {}) as Record<string, unknown>
  return typeof tag === 'string' && ['string', 'undefined'].includes(typeof repository)
}

/** A shell splits and expands what it is given. */
function isPlain(id: PreviewId): boolean {
  return /^([a-z0-9]+\/)?[\w.-]+$/.test(id)
}
