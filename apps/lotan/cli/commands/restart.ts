import { changeAll, post } from '../change/change.ts'
import { startOptions } from '../change/start-options.ts'
import type { Definition } from '../command.ts'

export const restart: Definition = {
  name: 'restart',
  summary: 'Stops previews and starts them again.',
  example: 'lotan restart pr-3001',
  define: (command) =>
    startOptions(command, (tags, options) => changeAll(tags, post('restart'), { ...options, starts: true })),
}
