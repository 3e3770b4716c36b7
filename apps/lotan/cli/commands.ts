import { clientCommands } from './client-commands.ts'
import type { Definition } from './command.ts'
import { up } from './commands/up.ts'

/** In the order of the help. */
export const commands: readonly Definition[] = [up, ...clientCommands]
