import { repositoryPath } from '../../../shared/api/paths.ts'
import { splitId } from '../../../shared/preview/preview-id.ts'
import { call, list } from '../call.ts'
import { ending, exit, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames, nameOf, type Named } from '../preview-name.ts'
import { left } from '../table/age.ts'
import { inBytes } from '../table/bytes.ts'
import { tableOf, type Column } from '../table/table.ts'

interface Volume extends Named {
  name: string
  bytes?: number | null
  goes?: string | null
}

export const volumes: Definition = {
  name: 'volumes',
  summary: 'Lists the volumes of previews, and when they go.',
  example: 'lotan volumes',
  define: (command) => command.option('--json', 'prints what the API answers').action(ending(listAll)),
}

export const volume: Definition = {
  name: 'volume',
  summary: 'Deletes a volume of a preview that has no container.',
  example: 'lotan volume rm pr-3001 data',
  define: (command) => {
    command
      .command('rm')
      .summary('Deletes it: the next start makes it anew.')
      .argument('<TAG>')
      .argument('<NAME>')
      .action(ending(remove))
  },
}

async function listAll({ json }: { json?: true }): Promise<number> {
  const { api, output } = openContext()
  const found = await list(api, '/volumes', isVolume)
  const screen = { width: output.width(), paint: output.paint }
  const lines = json ? [JSON.stringify(found, null, 2)] : tableOf(columnsAt(Date.now()), found, screen)
  output.print(`${lines.join('\n')}\n`)
  return exit.done
}

async function remove(preview: string, name: string): Promise<number> {
  checkNames([preview])
  const { api, output } = openContext()
  const { repository, tag } = splitId(preview)
  const path = `${repositoryPath(repository)}/volumes/${encodeURIComponent(tag)}/${encodeURIComponent(name)}`
  await call(api, path, { method: 'DELETE' })
  output.print(`${preview} ${name}  deleted\n`)
  return exit.done
}

function columnsAt(now: number): Column<Volume>[] {
  return [
    { head: 'TAG', cell: nameOf, least: 12 },
    { head: 'NAME', cell: ({ name }) => name },
    { head: 'SIZE', cell: ({ bytes }) => inBytes(bytes) },
    { head: 'GOES', cell: ({ goes }) => (goes ? left(Date.parse(goes) - now) : 'in use') },
  ]
}

function isVolume(json: unknown): json is Volume {
  const { name, tag } = (json ?? {}) as Record<string, unknown>
  return typeof name === 'string' && typeof tag === 'string'
}
