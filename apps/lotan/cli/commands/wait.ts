/** `lotan wait`: starts a preview if need be, waits until it answers, and prints its address. */
import { parseArgs } from 'node:util'
import { readApiConfig } from '../../../shared/config/config.ts'
import { isTag } from '../../../shared/tag.ts'
import type { View } from '../api.ts'
import { exit, UsageError } from '../command.ts'
import { openConsole } from '../../console.ts'
import { findApi } from '../find-api.ts'
import { askUntilRunning, follow } from '../wait/ask.ts'
import { reportOf } from '../wait/report.ts'
import { openScreen } from '../wait/screen.ts'
import { nothing, see } from '../wait/seen.ts'

const STANDARD_SECONDS = 60
const MOST_SECONDS = 86_400

export const usage = 'lotan wait TAG [--timeout SECONDS] [--json]'

export async function run(args: string[]): Promise<number> {
  const { tag, seconds, json } = read(args)
  const config = readApiConfig()
  const say = openConsole(process.stderr, config.term)
  const api = findApi(config)
  if ('missing' in api) {
    say(api.missing, 'bad')
    return exit.token
  }

  const began = performance.now()
  const screen = openScreen(tag, process.stderr, config.term, say)
  process.once('SIGINT', () => {
    screen.end()
    process.exit(exit.interrupted)
  })
  let seen = nothing
  const over = new AbortController()
  void follow(tag, api, (event) => screen.show((seen = see(seen, event))), over.signal)
  const ended = await askUntilRunning(tag, api, seconds * 1_000)
  over.abort()
  screen.end()

  const report = reportOf(ended, { tag, api, seconds, seen, took: performance.now() - began })
  for (const line of report.lines) say(line, report.status === exit.done ? 'good' : 'bad')
  if (ended.end === 'running') print(ended.view, json)
  return report.status
}

function read(args: string[]): { tag: string; seconds: number; json: boolean } {
  const { values, positionals } = parseArgs({
    args,
    options: { timeout: { type: 'string' }, json: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [tag, ...more] = positionals
  if (tag === undefined || more.length > 0) throw new UsageError('wait takes one tag')
  if (!isTag(tag)) throw new UsageError(`'${tag}' is no valid image tag`)
  const { timeout = String(STANDARD_SECONDS), json } = values
  const seconds = /^\d+(\.\d+)?$/.test(timeout) ? Number(timeout) : NaN
  if (!(seconds <= MOST_SECONDS)) throw new UsageError(`--timeout is a number of seconds, 0 to ${MOST_SECONDS}`)
  return { tag, seconds, json }
}

function print(view: View, json: boolean): void {
  // A reader that closes the pipe early (`head`) is no failure.
  process.stdout.on('error', () => {})
  process.stdout.write(json ? `${JSON.stringify(view, null, 2)}\n` : `${view.url}\n`)
}
