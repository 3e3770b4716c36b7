import { Option } from 'commander'
import { call, list, strange } from '../call.ts'
import { ending, exit, Failure, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { age, left } from '../table/age.ts'
import { tableOf, type Column } from '../table/table.ts'

const scopes = ['read', 'run', 'shell', 'admin']

interface Token {
  name: string
  can: string
  match?: string | null
  until?: string | null
  created?: string
  lastUsed?: string | null
}

export const token: Definition = {
  name: 'token',
  summary: 'Makes, lists and removes tokens for programs.',
  example: 'lotan token add ci --can run --match ^pr%- --for 90d',
  define: (command) => {
    command
      .command('add')
      .summary('Makes a token and prints it, this once.')
      .argument('<NAME>')
      .addOption(
        new Option('--can <SCOPE>', `what it may: ${scopes.join(', ')}; each includes those before it`)
          .choices(scopes)
          .makeOptionMandatory(),
      )
      .option(
        '--match <PATTERN>',
        'only for tags that match this Lua pattern, such as ^pr%-; ^api/pr%- in a repository with a name',
      )
      .option('--for <SPAN>', 'how long: 12h, 90d, 4w; else it has no end')
      .option('--json', 'prints what the API answers')
      .action(ending(add))
    command
      .command('list')
      .summary('Lists the tokens.')
      .option('--json', 'prints what the API answers')
      .action(ending(listAll))
    command
      .command('rm')
      .summary('Removes tokens: they are refused at once.')
      .argument('<NAME...>')
      .action(ending(remove))
  },
}

interface AddOptions {
  can: string
  match?: string
  for?: string
  json?: true
}

async function add(name: string, { json: asJson, ...body }: AddOptions): Promise<number> {
  const { api, output, say } = openContext()
  const { json } = await call(api, '/tokens', { method: 'POST', body: { name, ...body } })
  const made = (json as { token?: unknown } | null)?.token
  if (typeof made !== 'string') throw strange(api, 'something else than a token')
  output.print(asJson ? `${JSON.stringify(json, null, 2)}\n` : `${made}\n`)
  if (!asJson) say('keep it: it is shown this once. Programs send it as "Authorization: Bearer TOKEN"')
  return exit.done
}

async function listAll({ json }: { json?: true }): Promise<number> {
  const { api, output } = openContext()
  const tokens = await list(api, '/tokens', isToken)
  const screen = { width: output.width(), paint: output.paint }
  const lines = json ? [JSON.stringify(tokens, null, 2)] : tableOf(columnsAt(Date.now()), tokens, screen)
  output.print(`${lines.join('\n')}\n`)
  return exit.done
}

async function remove(names: string[]): Promise<number> {
  const { api, output } = openContext()
  for (const name of names) {
    await call(api, `/tokens/${encodeURIComponent(name)}`, { method: 'DELETE' }).catch((error: unknown) => {
      throw error instanceof Failure ? new Failure(error.status, `${name}: ${error.message}`) : error
    })
    output.print(`${name}  removed\n`)
  }
  return exit.done
}

function columnsAt(now: number): Column<Token>[] {
  const ago = (time: string | null | undefined) => (time ? `${age(now - Date.parse(time))} ago` : '–')
  const end = (until: string | null | undefined) => (until ? left(Date.parse(until) - now) : 'no end')
  return [
    { head: 'NAME', cell: ({ name }) => name, least: 12 },
    { head: 'CAN', cell: ({ can }) => can },
    { head: 'MATCH', cell: ({ match }) => match ?? 'all', least: 8 },
    { head: 'ENDS', cell: ({ until }) => end(until), tone: ({ until }) => (end(until) === 'over' ? 'quiet' : undefined) },
    { head: 'USED', cell: ({ lastUsed }) => ago(lastUsed), rank: 2 },
    { head: 'MADE', cell: ({ created }) => ago(created), rank: 1 },
  ] // prettier-ignore
}

function isToken(json: unknown): json is Token {
  const { name, can } = (json ?? {}) as { name?: unknown; can?: unknown }
  return typeof name === 'string' && typeof can === 'string'
}
