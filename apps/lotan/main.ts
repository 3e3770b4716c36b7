import { SettingsError } from '../shared/config/config.ts'
import { version } from '../shared/version.ts'
import { exit, UsageError, type Command } from './cli/command.ts'

const commands: Record<string, () => Promise<Command>> = {
  up: () => import('./cli/commands/up.ts'),
  wait: () => import('./cli/commands/wait.ts'),
}

const [name = '', ...args] = process.argv.slice(2)
process.exit(await main())

async function main(): Promise<number> {
  if (name === '--version') {
    console.log(version())
    return exit.done
  }
  const command = Object.hasOwn(commands, name) ? await commands[name]!() : undefined
  if (!command) return help(name === 'help' || name === '--help' || name === '-h')
  if (args.includes('--help') || args.includes('-h')) {
    console.log(`usage: ${command.usage}`)
    return exit.done
  }
  try {
    return await command.run(args)
  } catch (error) {
    const message = messageFor(error, command)
    if (!message) throw error
    console.error(message)
    return error instanceof SettingsError && error.mayMend ? exit.unexpected : exit.usage
  }
}

async function help(asked: boolean): Promise<number> {
  const usages = await Promise.all(Object.values(commands).map(async (load) => (await load()).usage))
  const message = `usage: ${[...usages, 'lotan --version'].join('\n       ')}`
  if (asked) console.log(message)
  else console.error(message)
  return asked ? exit.done : exit.usage
}

/** Undefined for an error that is not the user's. */
function messageFor(error: unknown, { usage }: Command): string | undefined {
  if (error instanceof SettingsError)
    return error.problems.map(({ variable, problem }) => `lotan: ${variable} ${problem}`).join('\n')
  const { code, message } = error as NodeJS.ErrnoException
  if (!(error instanceof UsageError) && !code?.startsWith('ERR_PARSE_ARGS_')) return undefined
  return `lotan: ${message}\nusage: ${usage}`
}
