/** For commands whose previews are on their way up then. */
import type { Command } from 'commander'
import { ending } from '../command.ts'
import { secondsOf } from '../context.ts'
import { MOST_SECONDS } from '../wait/wait.ts'
import type { ChangeOptions } from './change.ts'

export function startOptions(command: Command, run: (tags: string[], options: ChangeOptions) => Promise<number>): void {
  command
    .argument('<TAG...>')
    .option('--wait', 'waits until they answer; on a terminal it does so anyway')
    .option('--no-wait', 'does not wait, on a terminal either')
    .option('--timeout <SECONDS>', 'how long to wait', '600')
    .option('--json', 'prints the previews as they are then')
    .action(
      ending((tags: string[], { timeout, ...options }: Omit<ChangeOptions, 'timeout'> & { timeout: string }) =>
        run(tags, { ...options, timeout: secondsOf(timeout, '--timeout', MOST_SECONDS) }),
      ),
    )
}
