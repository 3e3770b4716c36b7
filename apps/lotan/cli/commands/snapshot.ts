import { setTimeout as sleep } from 'node:timers/promises'
import { previewPath } from '../../../shared/api/paths.ts'
import { call, list, strange } from '../call.ts'
import { ending, exit, Failure, type Definition } from '../command.ts'
import { openContext, type Context } from '../context.ts'
import { checkNames, nameOf, type Named } from '../preview-name.ts'
import { age } from '../table/age.ts'
import { inBytes } from '../table/bytes.ts'
import { tableOf, type Column } from '../table/table.ts'

const LOOK_MS = 500

interface Snapshot extends Named {
  name: string
  state: string
  created?: string
  published?: boolean
  frozenMs?: number | null
  volumes?: { bytes: number | null }[]
  reason?: string | null
}

// `rm` and `publish` are no tags: a tag and a name make a snapshot.
export const snapshot: Definition = {
  name: 'snapshot',
  summary: 'Copies the volumes of a preview under a name; deletes and publishes snapshots.',
  example: 'lotan snapshot add pr-3001 golden',
  define: (command) => {
    command
      .command('add', { isDefault: true })
      .summary('Copies the volumes of a preview, and waits until that is done.')
      .argument('<TAG>')
      .argument('<NAME>')
      .option('--json', 'prints what the API answers')
      .action(ending(make))
    command
      .command('rm')
      .summary('Deletes snapshots.')
      .argument('<NAME...>')
      .action(ending((names: string[]) => each(names, 'deleted', (name) => [pathOf(name), 'DELETE'])))
    command
      .command('publish')
      .summary('Lets other previews begin with snapshots, but those of forks.')
      .argument('<NAME...>')
      .action(ending((names: string[]) => each(names, 'published', (name) => [`${pathOf(name)}/publish`, 'POST'])))
    command
      .command('unpublish')
      .summary('Lets other previews begin with snapshots no more.')
      .argument('<NAME...>')
      .action(
        ending((names: string[]) => each(names, 'not published', (name) => [`${pathOf(name)}/publish`, 'DELETE'])),
      )
  },
}

export const snapshots: Definition = {
  name: 'snapshots',
  summary: 'Lists the snapshots of volumes.',
  example: 'lotan snapshots',
  define: (command) =>
    command.option('--json', 'prints what the API answers').action(
      ending(async ({ json }: { json?: true }) => {
        const { api, output } = openContext()
        const found = await list(api, '/snapshots', isSnapshot)
        const screen = { width: output.width(), paint: output.paint }
        const lines = json ? [JSON.stringify(found, null, 2)] : tableOf(columnsAt(Date.now()), found, screen)
        output.print(`${lines.join('\n')}\n`)
        return exit.done
      }),
    ),
}

async function make(tag: string, name: string, { json: asJson }: { json?: true }): Promise<number> {
  checkNames([tag])
  const context = openContext()
  await call(context.api, `${previewPath(tag)}/snapshots`, { method: 'POST', body: { name } })
  const made = await untilMade(context, name)
  if (made.state === 'failed') throw new Failure(exit.failed, `${name}: ${made.reason ?? 'it was not made'}`)
  const { output, say } = context
  output.print(asJson ? `${JSON.stringify(made, null, 2)}\n` : `${name}  ${bytesOf(made)}\n`)
  if (!asJson && made.frozenMs) say(`${tag} stood still for ${(made.frozenMs / 1000).toFixed(1)} s`)
  return exit.done
}

async function untilMade({ api }: Context, name: string): Promise<Snapshot> {
  for (;;) {
    const { json } = await call(api, pathOf(name))
    if (!isSnapshot(json)) throw strange(api, 'something else than a snapshot')
    if (json.state !== 'asked') return json
    await sleep(LOOK_MS)
  }
}

async function each(
  names: string[],
  done: string,
  how: (name: string) => [path: string, method: 'POST' | 'DELETE'],
): Promise<number> {
  const { api, output } = openContext()
  for (const name of names) {
    const [path, method] = how(name)
    await call(api, path, { method }).catch((error: unknown) => {
      throw error instanceof Failure ? new Failure(error.status, `${name}: ${error.message}`) : error
    })
    output.print(`${name}  ${done}\n`)
  }
  return exit.done
}

function pathOf(name: string): string {
  return `/snapshots/${encodeURIComponent(name)}`
}

function columnsAt(now: number): Column<Snapshot>[] {
  return [
    { head: 'NAME', cell: ({ name }) => name, least: 12 },
    { head: 'OF', cell: nameOf, least: 12 },
    { head: 'STATE', cell: ({ state, published }) => (published ? 'published' : state) },
    { head: 'SIZE', cell: bytesOf },
    { head: 'MADE', cell: ({ created }) => (created ? `${age(now - Date.parse(created))} ago` : '–'), rank: 1 },
  ]
}

function bytesOf({ volumes = [] }: Snapshot): string {
  return inBytes(volumes.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0))
}

function isSnapshot(json: unknown): json is Snapshot {
  const { name, tag, state } = (json ?? {}) as Record<string, unknown>
  return [name, tag, state].every((one) => typeof one === 'string')
}
