import { copy, type CopyOptions } from '../change/copy.ts'
import { ending, type Definition } from '../command.ts'

export const clone: Definition = {
  name: 'clone',
  summary: 'Makes a preview of its own of a preview, application and data, and prints its address.',
  example: 'lotan clone pr-3001 --as anna',
  define: (command) =>
    command
      .argument('<TAG>')
      .requiredOption('--as <NAME>', 'it is called TAG--as-NAME')
      .option('--for <SPAN>', 'how long it is pinned: 12h, 7d, 4w; else LOTAN_DATA_DAYS')
      .option('--json', 'prints the preview as it is then')
      .action(ending((tag: string, options: CopyOptions) => copy(tag, 'clone', options))),
}
