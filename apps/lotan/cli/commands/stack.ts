import { ending, type Definition } from '../command.ts'

export const stack: Definition = {
  name: 'stack',
  summary: 'Checks the stack of a preview before a push.',
  example: 'lotan stack check stack.yaml',
  define: (command) => {
    command
      .command('check')
      .summary('Says whether a file can be used as a stack, and what will run. It needs no server.')
      .description(
        'Says whether a file can be used as a stack, and what will run, in which order and with which limits. It needs ' +
          'no server. Whether the images are allowed is checked where LOTAN_STACK_IMAGES or REPOSITORY is set.',
      )
      .argument('<FILE>', 'of YAML; - is the standard input')
      .option('--json', 'prints what was found as JSON')
      .action(
        ending(async (file: string, options: { json?: true }) => {
          // The parser is large, and other commands have no use for it.
          const { checkStack } = await import('../stack/check.ts')
          return checkStack(file, options)
        }),
      )
  },
}
