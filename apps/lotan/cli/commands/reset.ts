import { setTimeout as sleep } from 'node:timers/promises'
import { previewPath } from '../../../shared/api/paths.ts'
import { call, strange } from '../call.ts'
import { ending, exit, Failure, type Definition } from '../command.ts'
import { openContext } from '../context.ts'
import { checkNames } from '../preview-name.ts'

const LOOK_MS = 500

interface Options {
  from?: string
  json?: true
}

export const reset: Definition = {
  name: 'reset',
  summary: 'Gives a preview empty volumes, or those of a snapshot. What they held is gone.',
  example: 'lotan reset pr-3001 --from golden',
  define: (command) =>
    command
      .argument('<TAG>')
      .option('--from <SNAPSHOT>', 'a snapshot of this preview, or a published one; else they are empty')
      .option('--json', 'prints what the API answers')
      .action(ending(run)),
}

async function run(tag: string, { from, json: asJson }: Options): Promise<number> {
  checkNames([tag])
  const { api, output } = openContext()
  const path = `${previewPath(tag)}/reset`
  await call(api, path, { method: 'POST', body: from === undefined ? {} : { from } })
  for (;;) {
    const { json } = await call(api, path)
    const { state, reason } = (json ?? {}) as { state?: unknown; reason?: unknown }
    if (typeof state !== 'string') throw strange(api, 'something else than a reset')
    if (state === 'failed') throw new Failure(exit.failed, `${tag}: ${String(reason)}`)
    if (state === 'done') {
      output.print(
        asJson ? `${JSON.stringify(json, null, 2)}\n` : `${tag}  ${from === undefined ? 'empty' : `as ${from}`}\n`,
      )
      return exit.done
    }
    await sleep(LOOK_MS)
  }
}
