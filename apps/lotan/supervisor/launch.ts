import type { Config } from '../../shared/config/config.ts'
import type { Say } from '../console.ts'
import { waitFor } from '../wait-for.ts'
import { outputOf, whereToLook } from './process/output.ts'
import type { Name } from './names.ts'
import type { Processes } from './processes.ts'
import { lastLines } from './process/rotate.ts'

export interface Launch {
  config: Config
  /** False where another launcher runs it. */
  runs: (name: Name) => boolean
  start: (name: Name) => void
  processes: Processes
  say: Say
  signal: AbortSignal
}

const SOON_MS = 5_000

/** Its error quotes the end of that process's log. */
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

/** Has no limit. @throws when the signal is aborted */
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
