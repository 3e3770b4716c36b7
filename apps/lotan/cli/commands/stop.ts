import { changeAll, post, type ChangeOptions } from '../change/change.ts'
import { ending, type Definition } from '../command.ts'

export const stop: Definition = {
  name: 'stop',
  summary: 'Stops previews. Their images stay.',
  example: 'lotan stop pr-3001',
  define: (command) =>
    command
      .argument('<TAG...>')
      .option('--json', 'prints the previews as they are then')
      .action(ending((tags: string[], options: ChangeOptions) => changeAll(tags, post('stop'), options))),
}
