import { list } from '../call.ts'
import { ending, exit, UsageError, type Definition } from '../command.ts'
import { scriptOf } from '../completion/scripts.ts'
import { openContext } from '../context.ts'

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
  const found = await Promise.all(['/previews', '/tags'].map((path) => list(api, path, hasTag)))
  const tags = new Set(found.flat().map(({ tag }) => tag))
  output.print(`${[...tags].sort().join('\n')}\n`)
  return exit.done
}

function hasTag(json: unknown): json is { tag: string } {
  const tag = (json as { tag?: unknown } | null)?.tag
  // A shell splits and expands what it is given.
  return typeof tag === 'string' && /^[\w.-]+$/.test(tag)
}
