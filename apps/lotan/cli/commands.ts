import { clientCommands } from './client-commands.ts'
import type { Definition } from './command.ts'
import { doctor } from './commands/doctor.ts'
import { purge } from './commands/purge.ts'
import { up } from './commands/up.ts'

/** In the order of the help. */
export const commands: readonly Definition[] = [up, ...clientCommands, doctor, purge]
