import { readConfig } from '../../../shared/config/config.ts'
import { certificateProblems } from '../../nginx/certificate.ts'
import { UsageError } from '../command.ts'
import { openConsole } from '../../console.ts'
import { names, type Name } from '../../supervisor/names.ts'
import { separate } from '../../supervisor/processes.ts'
import { up } from '../../supervisor/up.ts'

export const usage = `lotan up [${separate.join(' | ')} ...]`

export async function run(args: string[]): Promise<number> {
  const stranger = args.find((arg) => !separate.includes(arg as Name))
  if (stranger !== undefined) throw new UsageError(`up takes names of parts, and '${stranger}' is none`)
  const parts = args.length > 0 ? names.filter((name) => args.includes(name)) : null
  const config = readConfig(undefined, !parts || parts.includes('nginx') ? certificateProblems : undefined)
  return up(config, parts, openConsole(process.stdout, config.term))
}
