/** What a command of the command line is: its help says in one line what it does, and shows one example. */
import type { Argument, Command, Help, Option } from 'commander'

export interface Definition {
  name: string
  /** Also the command's line in docs/command-line.md. */
  summary: string
  example: string
  /** Adds arguments, options and what is run. */
  define(command: Command): void
  /** Needs this machine's engine and data directory: not in the single file. */
  isLocal?: true
  /** Ends by signals in a way of its own. */
  handlesSignals?: true
  /** Ends with the status of a command that it runs: what goes wrong before that is `exit.own`. */
  passesStatus?: true
}

export const exit = {
  done: 0,
  /** Worth another try. */
  unexpected: 1,
  /** The command line or a setting is wrong: another try ends the same. */
  usage: 2,
  /** No Lotan answers. */
  away: 3,
  /** There is no token, or it may not do this. */
  token: 4,
  notOffered: 5,
  failed: 6,
  late: 7,
  /** The preview was stopped or removed meanwhile. */
  stopped: 8,
  /** There is no such preview, repository, container, token or share link. */
  missing: 9,
  /** Of commands that end with the status of another one: Lotan has none to pass on. As `docker run` says it. */
  own: 125,
  /** SIGINT: 128 + 2, as shells count. */
  interrupted: 130,
} as const

export class UsageError extends Error {}

/** Ends the command: one line that says what is wrong, and what to do. */
export class Failure extends Error {
  readonly status: number

  constructor(status: number, line: string) {
    super(line)
    this.status = status
  }
}

/** For `command.action`: what is run says how it ended. */
export function ending<A extends unknown[]>(run: (...args: A) => Promise<number>): (...args: A) => Promise<void> {
  return async (...args) => {
    process.exitCode = await run(...args)
  }
}

/** `lotan wait TAG [--timeout SECONDS] [--json]`, without `--help`. */
export function usageOf(command: Command): string {
  const [args = [], last = []] = [false, true].map((isLast) =>
    command.registeredArguments.filter((argument) => (argument.name() === 'CMD') === isLast).map(argumentOf),
  )
  const options = command.options.map(({ flags }) => `[${flags.replace(/^(-\w), /, '$1|').replace(/[<>]/g, '')}]`)
  const subcommands = command.commands.length > 0 ? [command.commands.map((sub) => sub.name()).join('|')] : []
  // What options it has are its own.
  const end = last.length > 0 ? ['--', ...last] : []
  return [pathOf(command), ...subcommands, ...args, ...options, ...end].join(' ')
}

function argumentOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? name : `[${name}]`
}

export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

/** Its errors are one line, and are thrown: see run.ts. */
export function settle(command: Command): Command {
  return command
    .helpOption('-h, --help', 'this help')
    .exitOverride()
    .configureHelp({ commandUsage: usageOf, subcommandTerm: (sub) => sub.name(), formatHelp: plainHelp })
    .configureOutput({
      outputError: (text, write) => {
        const what = text
          .replace(/^error: /, '')
          .trim()
          .replace(/\s*\n\s*/g, ' ')
        write(`lotan: ${what}; see ${pathOf(command)} --help\n`)
      },
    })
}

function plainHelp(command: Command, help: Help): string {
  const width = Math.max(60, help.helpWidth ?? 80)
  const rows = [
    ...command.commands.map((sub) => [sub.name(), sub.summary()]),
    ...command.registeredArguments
      .filter(({ description }) => description)
      .map((argument) => [argument.name(), argument.description]),
    ...help.visibleOptions(command).map((option) => [help.optionTerm(option).replace(/[<>]/g, ''), described(option)]),
  ] as [string, string][]
  const wide = Math.max(0, ...rows.map(([term]) => term.length))
  const lines = rows.map(([term, what]) => {
    const indented = help.boxWrap(what, width - wide - 4).replaceAll('\n', `\n${' '.repeat(wide + 4)}`)
    return `  ${term.padEnd(wide)}  ${indented}`.trimEnd()
  })
  const example = exampleOf.get(command)
  const parts = [
    `usage: ${command.parent ? usageOf(command) : 'lotan COMMAND'}`,
    command.description() || command.summary(),
    lines.join('\n'),
    example && `example: ${example}`,
    !command.parent && 'lotan COMMAND --help says more of one. What an exit status means: docs/command-line.md.',
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function described({ description, defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? `${description} (else ${defaultValue})` : description
}

export const exampleOf = new WeakMap<Command, string>()
