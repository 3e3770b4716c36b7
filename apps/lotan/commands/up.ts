/** `lotan up`: runs Lotan until it is ended. */
import { readConfig } from '../../shared/config.ts'
import { certificateProblems } from '../certificate.ts'
import { UsageError } from '../command.ts'
import { openConsole } from '../console.ts'
import { up } from '../up.ts'

export const usage = 'lotan up'

export async function run(args: string[]): Promise<number> {
  if (args.length > 0) throw new UsageError(`up takes nothing more, and there is '${args[0]}'`)
  const config = readConfig(undefined, certificateProblems)
  return up(config, openConsole(process.stdout, config.term))
}
