import { previewPath } from '../../../shared/api/paths.ts'
import { call } from '../call.ts'
import { changeAll, type ChangeOptions } from '../change/change.ts'
import { ending, type Definition } from '../command.ts'

export const unpin: Definition = {
  name: 'unpin',
  summary: 'Ends a pin: previews are stopped and removed again when they are not used.',
  example: 'lotan unpin pr-3001',
  define: (command) =>
    command
      .argument('<TAG...>')
      .option('--json', 'prints the previews as they are then')
      .action(
        ending((tags: string[], options: ChangeOptions) =>
          changeAll(tags, ({ api }, id) => call(api, `${previewPath(id)}/pin`, { method: 'DELETE' }), options),
        ),
      ),
}
