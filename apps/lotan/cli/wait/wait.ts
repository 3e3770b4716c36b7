/** Waits for one preview, and says how that ended. */
import { previewPath } from '../../../shared/api/paths.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { logFields as namesOf, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { ask, type Api, type View } from '../api.ts'
import { exit } from '../command.ts'
import type { Context } from '../context.ts'
import { beforeInterrupt } from '../interrupt.ts'
import type { Row } from '../list/preview-table.ts'
import { plain } from '../table/width.ts'
import { askUntilRunning, follow, type Ended } from './ask.ts'
import { reportOf } from './report.ts'
import { openLines, openScreen } from './screen.ts'
import { nothing, see } from './seen.ts'

export const MOST_SECONDS = 86_400

const OUTPUT_LINES = 10
const SHORT_MS = 10_000
/** A registry may name a new image a moment after it has taken it. */
const OTHER_DIGEST_MS = 1_000

export interface Wait {
  context: Pick<Context, 'api' | 'say' | 'term'>
  seconds: number
  /** Has the screen for itself. */
  alone: boolean
  /** Looks for a newer image first. */
  refresh?: boolean
  /** The image that has to serve in the end. */
  digest?: string
  print: (view: Row) => void
  /** Of a wait that ended otherwise. */
  printProblem?: (problem: object) => void
}

/** @returns the exit status */
export async function waitUntilRunning(id: PreviewId, wait: Wait): Promise<number> {
  const { context, seconds, digest } = wait
  const { api, say, term } = context
  const began = performance.now()
  const screen = wait.alone ? openScreen(id, process.stderr, term, say) : openLines(id, say)
  const forget = beforeInterrupt(() => screen.end())
  let seen = nothing
  const over = new AbortController()
  void follow(id, api, (event) => screen.show((seen = see(seen, event))), over.signal)
  if (wait.refresh || digest !== undefined) await refresh(id, api)
  const ended = await askForDigest(id, api, began + seconds * 1_000, digest)
  over.abort()
  screen.end()
  forget()

  const report = reportOf(ended, { id, api, seconds, seen, took: performance.now() - began })
  // Before the reason: what is read is the end.
  if (report.status === exit.failed) await tellOutput(id, context)
  for (const line of report.lines) say(line, report.status === exit.done ? 'good' : 'bad')
  if (ended.end === 'running') wait.print(ended.view as View & Row)
  else wait.printProblem?.(problemOf(id, ended, report.lines))
  return report.status
}

/** A tag that is no preview yet gets the newest image anyway; what else is wrong the wait says. */
async function refresh(id: PreviewId, api: Api): Promise<void> {
  await ask(api, `${previewPath(id)}/refresh`, SHORT_MS, 'POST')
}

/** @param deadline by `performance.now` */
async function askForDigest(id: PreviewId, api: Api, deadline: number, digest: string | undefined): Promise<Ended> {
  const left = () => Math.max(0, deadline - performance.now())
  for (;;) {
    const ended = await askUntilRunning(id, api, left())
    if (digest === undefined || ended.end !== 'running' || ended.view.digest === digest) return ended
    if (left() < OTHER_DIGEST_MS) return { end: 'other', digest: ended.view.digest ?? null, wanted: digest }
    await sleep(OTHER_DIGEST_MS)
    await refresh(id, api)
  }
}

/** What the application wrote last: that tells most about a failure. */
async function tellOutput(id: PreviewId, { api, say }: Wait['context']): Promise<void> {
  const answer = await ask(api, previewPath(id), SHORT_MS)
  const output = 'json' in answer ? answer.json?.engine?.output : undefined
  const lines = Array.isArray(output) ? output.filter((line) => typeof line === 'string').slice(-OUTPUT_LINES) : []
  if (lines.length > 0) say(`the last that ${id} wrote:`)
  for (const line of lines) process.stderr.write(`  ${plain(line)}\n`)
}

function problemOf(id: PreviewId, ended: Exclude<Ended, { end: 'running' }>, lines: string[]): object {
  if (ended.end === 'refused') return ended.problem
  const state = 'state' in ended ? { state: ended.state } : {}
  return { type: 'about:blank', title: ended.end, detail: lines.join('; '), ...namesOf(id), ...state }
}
