/** One start of the launcher: what it runs, and how it waits. */
import type { Config } from '../../shared/config/config.ts'
import type { Say } from '../console.ts'
import { waitFor } from '../wait-for.ts'
import { outputOf, whereToLook } from './process/output.ts'
import type { Name } from './names.ts'
import type { Processes } from './processes.ts'
import { lastLines } from './process/rotate.ts'

export interface Launch {
  config: Config
  /** Whether this launcher runs it; otherwise another one does. */
  runs: (name: Name) => boolean
  start: (name: Name) => void
  processes: Processes
  say: Say
  /** Aborted when the launcher has to end. */
  signal: AbortSignal
}

const SOON_MS = 5_000

/** Waits for a fact that Lotan cannot start without; the error quotes the end of that process's log. */
export async function waitOrFail<T>(
  { config, signal }: Launch,
  check: () => T | Promise<T>,
  { name, within, complaint }: { name: Name; within: number; complaint: string },
): Promise<Exclude<T, false | undefined>> {
  const found = await waitFor(check, { within, signal })
  if (found !== undefined) return found
  const output = outputOf(name, config, process.stdout)
  const lines = 'file' in output ? lastLines(output.file, 3) : []
  const quoted = lines.map((line) => `\n  ${line.slice(0, 300)}`)
  throw new Error(`${complaint} (waited ${within / 1000} s); ${whereToLook(output)}${quoted.join('')}`)
}

/** Waits for another launcher, without a limit. @throws when the signal is aborted */
export async function waitForOtherLauncher<T>(
  { say, signal }: Launch,
  check: () => T | Promise<T>,
  what: string,
): Promise<Exclude<T, false | undefined>> {
  const soon = await waitFor(check, { within: SOON_MS, signal })
  if (soon !== undefined) return soon
  say(`waiting for ${what}`)
  return (await waitFor(check, { within: Infinity, every: 250, signal }))!
}
