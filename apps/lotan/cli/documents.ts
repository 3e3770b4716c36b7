/** Writes docs/command-line.md's tables from the commands themselves. */
import type { Command } from 'commander'
import { exit, usageOf, type Definition } from './command.ts'
import { programOf } from './program.ts'

type Status = keyof typeof exit

const ends: Record<Status, string> = {
  done: 'it did what was asked; of `wait`: the preview answers',
  unexpected: 'something unexpected happened, and another try may help; of `doctor`: it found a failure',
  usage: 'the command line or a setting cannot be used',
  away: 'no Lotan answers there',
  token: 'the token is missing or wrong, or may not do this',
  notOffered: '`TAG_FILTER` does not offer the tag',
  failed: 'the preview failed; the reason is printed',
  late: 'time is up',
  stopped: 'it was stopped or removed meanwhile; the line says why',
  missing: 'there is no such preview, repository, container, token or share link',
  own: 'of `shell`, `exec` and `run`: Lotan could not do it, and the line says why; any other status is that of the command',
  interrupted: 'Ctrl-C',
}

export function withCommands(page: string, definitions: readonly Definition[]): string {
  const rows = programOf(definitions).commands.flatMap((command) =>
    command.commands.length > 0 ? command.commands.map(rowOf) : [rowOf(command)],
  )
  const examples = ['```sh', ...definitions.map(({ example }) => example), '```']
  const commands = ['| command | what it does |', '| --- | --- |', ...rows, '', 'One example of each:', '', ...examples]
  const statuses = [
    '| exit status | how it ended |',
    '| --- | --- |',
    ...Object.entries(exit).map(([name, status]) => `| ${status} | ${ends[name as Status]} |`),
  ]
  return between(between(page, 'commands', commands), 'statuses', statuses)
}

function rowOf(command: Command): string {
  const usage = usageOf(command).replace(/^lotan /, '').replaceAll('|', '\\|') // prettier-ignore
  return `| \`${usage}\` | ${command.summary()} |`
}

function between(text: string, name: string, lines: string[]): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`there is no ${begin.trim()} … ${end.trim()}`)
  // Prettier would pad every cell to the longest.
  const table = ['<!-- prettier-ignore-start -->', '', ...lines, '', '<!-- prettier-ignore-end -->', '']
  return text.slice(0, from + begin.length) + table.join('\n') + text.slice(to)
}
