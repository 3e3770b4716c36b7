/** The whole command line: parses, runs one command, and says how it ended. */
import { Command, CommanderError } from 'commander'
import { SettingsError } from '../../shared/config/config.ts'
import { exampleOf, exit, Failure, settle, UsageError, type Definition } from './command.ts'
import { onInterrupt } from './interrupt.ts'

/** @param checksum of the single file @returns the exit status */
export async function runProgram(
  args: string[],
  definitions: readonly Definition[],
  about: { version: string; checksum: () => string },
): Promise<number> {
  // Who reads the output may end first (`head`); commands that would go on for ever look at `closed` in output.ts.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  process.exitCode = exit.done
  if (args[0] === '--version') {
    console.log(args[1] === '--checksum' ? `${about.version}\nsha256:${about.checksum()}  lotan.mjs` : about.version)
    return exit.done
  }
  const program = programOf(definitions)
  try {
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode)
  } catch (error) {
    const status = statusOf(error)
    const isOwn = status !== exit.done && definitions.some(({ name, passesStatus }) => name === args[0] && passesStatus)
    return isOwn ? exit.own : status
  }
}

export function programOf(definitions: readonly Definition[]): Command {
  const program = settle(new Command('lotan'))
    .description('Previews of the tags of Docker repositories.')
    .option('--version [--checksum]', 'the version; the SHA-256 of lotan.mjs, the command line as one file')
    .helpCommand('help COMMAND', 'this help, or that of a command')
  for (const definition of definitions) program.addCommand(commandOf(definition))
  return program
}

function commandOf({ name, summary, example, define, handlesSignals }: Definition): Command {
  const command = settle(new Command(name).summary(summary).description(summary))
  exampleOf.set(command, example)
  define(command)
  for (const sub of command.commands) settle(sub)
  if (!handlesSignals) command.hook('preAction', () => onInterrupt())
  return command
}

/** @throws what is not the user's */
function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage
  const lines = linesOf(error)
  if (!lines) throw error
  for (const line of lines) console.error(`lotan: ${line}`)
  if (error instanceof Failure) return error.status
  return error instanceof SettingsError && error.mayMend ? exit.unexpected : exit.usage
}

function linesOf(error: unknown): string[] | undefined {
  if (error instanceof SettingsError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`)
  return error instanceof Failure || error instanceof UsageError ? [error.message] : undefined
}
