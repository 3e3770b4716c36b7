/** One change of several previews: each has a line, and the status is the first that is not 0. */
import { call, strange, type Called } from '../call.ts'
import { exit, Failure } from '../command.ts'
import { checkTags, openContext, type Context } from '../context.ts'
import { isRow, toneOf, type Row } from '../list/preview-table.ts'
import { waitUntilRunning } from '../wait/wait.ts'

/** The router answers changes of different previews side by side. */
const AT_ONCE = 8

type Asked = (context: Context, tag: string) => Promise<Called>

export interface ChangeOptions {
  json?: true
  /** Undefined: where standard error is a terminal. */
  wait?: boolean
  timeout?: number
}

export function post(action: 'start' | 'stop' | 'restart' | 'refresh'): Asked {
  return ({ api }, tag) => call(api, `/previews/${encodeURIComponent(tag)}/${action}`, { method: 'POST' })
}

/** @param starts may be waited for, until it runs */
export async function changeAll(
  given: readonly string[],
  asked: Asked,
  options: ChangeOptions & { starts?: true },
): Promise<number> {
  checkTags(given)
  const tags = [...new Set(given)]
  const context = openContext()
  const { output, say } = context
  const waits = options.starts === true && (options.wait ?? process.stderr.isTTY)
  const changed: Row[] = []
  const left = [...tags]
  const ended = new Map<string, number>()

  const one = async (tag: string): Promise<number> => {
    try {
      const { json } = await asked(context, tag)
      if (!isRow(json)) throw strange(context.api, 'something else than a preview')
      const seconds = options.timeout!
      if (waits) return waitUntilRunning(tag, { context, seconds, alone: tags.length === 1, print: printOne })
      printOne(json)
      return exit.done
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      say(error.message, 'bad')
      return error.status
    }
  }
  const worker = async () => {
    for (let tag = left.shift(); tag !== undefined; tag = left.shift()) ended.set(tag, await one(tag))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (options.json) output.print(`${JSON.stringify(changed, null, 2)}\n`)
  return tags.map((tag) => ended.get(tag)!).find((status) => status !== exit.done) ?? exit.done

  function printOne(row: Row) {
    changed.push(row)
    if (options.json) return
    const address = row.state === 'running' ? `  ${row.url}` : ''
    output.print(`${row.tag}  ${output.paint(row.state, toneOf(row.state))}${address}\n`)
  }
}
