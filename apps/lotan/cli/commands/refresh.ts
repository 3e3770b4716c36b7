import { changeAll, post, type ChangeOptions } from '../change/change.ts'
import { ending, type Definition } from '../command.ts'

export const refresh: Definition = {
  name: 'refresh',
  summary: 'Looks for newer images now, and lets them take over.',
  example: 'lotan refresh pr-3001',
  define: (command) =>
    command
      .argument('<TAG...>')
      .option('--json', 'prints the previews as they are then')
      .action(ending((tags: string[], options: ChangeOptions) => changeAll(tags, post('refresh'), options))),
}
