import { previewPath } from '../../../shared/api/paths.ts'
import { call, list, strange } from '../call.ts'
import { ending, exit, Failure, UsageError, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames, nameOf, type Named } from '../preview-name.ts'
import { left } from '../table/age.ts'
import { tableOf, type Column } from '../table/table.ts'

interface Share extends Named {
  id: string
  until: string
  by?: string
}

interface Options {
  for?: string
  list?: true
  end?: string[]
  json?: true
}

// Options in place of subcommands: `list` is a tag as good as another.
export const share: Definition = {
  name: 'share',
  summary: 'Makes a link that opens a preview without a login, and prints it; lists and ends links.',
  example: 'lotan share pr-3001 --for 7d',
  define: (command) =>
    command
      .argument('[TAG]')
      .option('--for <SPAN>', 'how long it opens the preview: 12h, 7d, 4w; else 7d')
      .option('--list', 'lists the links that there are')
      .option('--end <ID...>', 'ends links: they open nothing any more')
      .option('--json', 'prints what the API answers')
      .action(ending(run)),
}

async function run(tag: string | undefined, { list, end, ...options }: Options): Promise<number> {
  if ([tag, list, end].filter((each) => each !== undefined).length !== 1)
    throw new UsageError('give a TAG, --list or --end ID; see lotan share --help')
  if (tag === undefined && options.for !== undefined) throw new UsageError('--for goes with a TAG')
  if (end) return endAll(end)
  return list ? listAll(options) : make(tag!, options)
}

async function make(preview: string, { json: asJson, ...body }: Options): Promise<number> {
  checkNames([preview])
  const { api, output, say } = openContext()
  const { json } = await call(api, `${previewPath(preview)}/shares`, { method: 'POST', body })
  const { id, url, until } = (json ?? {}) as Partial<Record<string, unknown>>
  if (![id, url, until].every((each) => typeof each === 'string')) throw strange(api, 'something else than a link')
  output.print(asJson ? `${JSON.stringify(json, null, 2)}\n` : `${url as string}\n`)
  if (!asJson) say(`it opens ${preview} until ${until as string}, and is shown this once; lotan share --end ${id as string} ends it`)
  return exit.done
} // prettier-ignore

async function listAll({ json }: Options): Promise<number> {
  const { api, output } = openContext()
  const shares = await list(api, '/shares', isShare)
  const screen = { width: output.width(), paint: output.paint }
  const lines = json ? [JSON.stringify(shares, null, 2)] : tableOf(columnsAt(Date.now()), shares, screen)
  output.print(`${lines.join('\n')}\n`)
  return exit.done
}

async function endAll(ids: string[]): Promise<number> {
  const { api, output } = openContext()
  for (const id of ids) {
    await call(api, `/shares/${encodeURIComponent(id)}`, { method: 'DELETE' }).catch((error: unknown) => {
      throw error instanceof Failure ? new Failure(error.status, `${id}: ${error.message}`) : error
    })
    output.print(`${id}  ended\n`)
  }
  return exit.done
}

function columnsAt(now: number): Column<Share>[] {
  return [
    { head: 'TAG', cell: nameOf, least: 12 },
    { head: 'ID', cell: ({ id }) => id },
    { head: 'ENDS', cell: ({ until }) => left(Date.parse(until) - now) },
    { head: 'BY', cell: ({ by }) => by ?? '', least: 8, rank: 1 },
  ]
}

function isShare(json: unknown): json is Share {
  const { id, tag, until } = (json ?? {}) as Record<string, unknown>
  return [id, tag, until].every((each) => typeof each === 'string')
}
