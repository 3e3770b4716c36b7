/** One change of several previews: each has a line, and the status is the first that is not 0. */
import { previewPath } from '../../../shared/api/paths.ts'
import type { PreviewId } from '../../../shared/preview/preview-id.ts'
import { call, strange, type Called } from '../call.ts'
import { exit, Failure } from '../command.ts'
import { openContext, type Context } from '../context.ts'
import { checkNames, nameOf } from '../preview-name.ts'
import { isRow, toneOf, type Row } from '../list/preview-table.ts'
import { waitUntilRunning } from '../wait/wait.ts'

/** The router answers changes of different previews side by side. */
const AT_ONCE = 8

type Asked = (context: Context, id: PreviewId) => Promise<Called>

export interface ChangeOptions {
  json?: true
  /** Undefined: where standard error is a terminal. */
  wait?: boolean
  timeout?: number
}

export function post(action: 'start' | 'stop' | 'restart' | 'refresh'): Asked {
  return ({ api }, id) => call(api, `${previewPath(id)}/${action}`, { method: 'POST' })
}

/** @param starts may be waited for, until it runs */
export async function changeAll(
  given: readonly string[],
  asked: Asked,
  options: ChangeOptions & { starts?: true },
): Promise<number> {
  checkNames(given)
  const ids = [...new Set(given)]
  const context = openContext()
  const { output, say } = context
  const waits = options.starts === true && (options.wait ?? process.stderr.isTTY)
  const changed: Row[] = []
  const left = [...ids]
  const ended = new Map<string, number>()

  const one = async (id: PreviewId): Promise<number> => {
    try {
      const { json } = await asked(context, id)
      if (!isRow(json)) throw strange(context.api, 'something else than a preview')
      const seconds = options.timeout!
      if (waits) return waitUntilRunning(id, { context, seconds, alone: ids.length === 1, print: printOne })
      printOne(json)
      return exit.done
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      say(error.message, 'bad')
      return error.status
    }
  }
  const worker = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) ended.set(id, await one(id))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (options.json) output.print(`${JSON.stringify(changed, null, 2)}\n`)
  return ids.map((id) => ended.get(id)!).find((status) => status !== exit.done) ?? exit.done

  function printOne(row: Row) {
    changed.push(row)
    if (options.json) return
    const address = row.state === 'running' ? `  ${row.url}` : ''
    output.print(`${nameOf(row)}  ${output.paint(row.state, toneOf(row.state))}${address}\n`)
  }
}
