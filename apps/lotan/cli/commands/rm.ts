import { previewPath } from '../../../shared/api/paths.ts'
import { call } from '../call.ts'
import { changeAll, type ChangeOptions } from '../change/change.ts'
import { ending, type Definition } from '../command.ts'

export const rm: Definition = {
  name: 'rm',
  summary: 'Removes previews: their containers and images go.',
  example: 'lotan rm pr-3001 pr-3002',
  define: (command) =>
    command
      .argument('<TAG...>')
      .option('--json', 'prints the previews as they are then')
      .action(
        ending((tags: string[], options: ChangeOptions) =>
          changeAll(tags, ({ api }, id) => call(api, previewPath(id), { method: 'DELETE' }), options),
        ),
      ),
}
