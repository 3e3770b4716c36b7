import type { PurgeOptions } from '../../purge/purge.ts'
import { ending, type Definition } from '../command.ts'

export const purge: Definition = {
  name: 'purge',
  isLocal: true,
  summary: 'Removes everything of this Lotan from the machine, but its data directory.',
  example: 'lotan purge --data',
  define: (command) =>
    command
      .option('--data', 'the data directory too: database, history, tokens, logs')
      .option('--yes', 'does not ask')
      .option('--instance <ID>', 'of a Lotan whose data directory is lost: the label lotan.instance')
      .option('--json', 'prints what was removed, and what was left and why')
      .action(
        ending(async (options: PurgeOptions) => {
          const { purge } = await import('../../purge/purge.ts')
          return purge(options)
        }),
      ),
}
