import { call } from '../call.ts'
import { changeAll } from '../change/change.ts'
import { startOptions } from '../change/start-options.ts'
import type { Definition } from '../command.ts'

export const add: Definition = {
  name: 'add',
  summary: 'Adds tags, and starts them.',
  example: 'lotan add pr-3001 --no-wait',
  define: (command) =>
    startOptions(command, (tags, options) =>
      changeAll(tags, ({ api }, tag) => call(api, '/previews', { method: 'POST', body: { tag } }), {
        ...options,
        starts: true,
      }),
    ),
}
