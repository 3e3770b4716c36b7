import { changeAll, post } from '../change/change.ts'
import { startOptions } from '../change/start-options.ts'
import type { Definition } from '../command.ts'

export const start: Definition = {
  name: 'start',
  summary: 'Starts previews, and wakes paused ones; a tag that is none yet becomes one.',
  example: 'lotan start pr-3001 pr-3002',
  define: (command) =>
    startOptions(command, (tags, options) => changeAll(tags, post('start'), { ...options, starts: true })),
}
