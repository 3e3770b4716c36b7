import { readApiConfig } from '../../shared/config/config.ts'
import { openConsole, type Say } from '../console.ts'
import type { Api } from './api.ts'
import { exit, Failure, UsageError } from './command.ts'
import { findApi } from './find-api.ts'
import { openOutput, type Output } from './output.ts'

/** What commands that talk to the API work with. */
export interface Context {
  api: Api
  /** To standard error. */
  say: Say
  output: Output
  term: string
  hasDisplay: boolean
}

/** @throws Failure where there is no token */
export function openContext(): Context {
  const config = readApiConfig()
  const api = findApi(config)
  if ('missing' in api) throw new Failure(exit.token, api.missing)
  const say = openConsole(process.stderr, config)
  return { api, say, output: openOutput(process.stdout, config), term: config.term, hasDisplay: config.hasDisplay }
}

/** @throws UsageError */
export function secondsOf(text: string, option: string, most: number): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (!(seconds <= most)) throw new UsageError(`${option} is a number of seconds, 0 to ${most}`)
  return seconds
}
