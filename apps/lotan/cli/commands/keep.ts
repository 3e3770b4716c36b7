import { copy, type CopyOptions } from '../change/copy.ts'
import { ending, type Definition } from '../command.ts'

export const keep: Definition = {
  name: 'keep',
  summary: 'Freezes a preview as it is now, with all that it has written, at an address of its own.',
  example: 'lotan keep pr-3001 --as bug-12',
  define: (command) =>
    command
      .argument('<TAG>')
      .requiredOption('--as <NAME>', 'it is called TAG--as-NAME')
      .option('--for <SPAN>', 'how long it is pinned: 12h, 7d, 4w; else until it is unpinned or removed')
      .option('--json', 'prints the preview as it is then')
      .action(ending((tag: string, options: CopyOptions) => copy(tag, 'keep', options))),
}
