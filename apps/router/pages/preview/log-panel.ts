/** The log as the page shows it before any script has run: its last lines. */
import {
  mark,
  noStyle,
  paint,
  severityOf,
  textOf,
  timed,
  type Run,
  type Severity,
} from '../../../../views/log-lines.js'
import { when, type When } from './when.ts'

/** Without script. With it the page shows 2,000. */
export const LOG_LINES = 200

export interface LogLine {
  time: When | null
  severity: Severity
  runs: Run[]
}

export interface LogPanel {
  lines: LogLine[]
  /** What was looked for, and in how many lines it is. */
  q: string
  found: number
  errors: number
  /** There may be earlier ones. */
  isCut: boolean
  /** Why it cannot be read. */
  unreadable: string | null
}

/** @param log the last lines with their times, oldest first; null without a container */
export function logPanelOf(
  log: string[] | { unreadable: string } | null,
  { q, now }: { q: string; now: number },
): LogPanel | null {
  if (log === null) return null
  if ('unreadable' in log) return { lines: [], q, found: 0, errors: 0, isCut: false, unreadable: log.unreadable }
  let style = noStyle
  let severity: Severity = ''
  let found = 0
  const lines = log.map((line): LogLine => {
    const { time, text } = timed(line)
    const painted = paint(text, style)
    style = painted.style
    severity = severityOf(textOf(painted.runs), severity)
    const marked = mark(painted.runs, q)
    if (marked.found > 0) found++
    return { time: time === null ? null : when(Date.parse(time), 'milli', now), severity, runs: marked.runs }
  })
  const errors = lines.filter((line) => line.severity === 'err').length
  return { lines, q, found, errors, isCut: log.length >= LOG_LINES, unreadable: null }
}
