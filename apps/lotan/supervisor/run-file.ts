/** `lotan.json` in the run directory: where a running Lotan is reached. */
import fs from 'node:fs'
import path from 'node:path'
import { urlOf, type Config, type Place } from '../../shared/config/config.ts'

export interface RunFile {
  pid: number
  url: string
  admin: string
  listen: Place & { secure: boolean }
}

export function writeRunFile(config: Config): void {
  const url = urlOf(config.domain, config)
  const listen = { ...(config.tls?.listen ?? config.listen), secure: config.tls !== null }
  const running: RunFile = { pid: process.pid, url, admin: loginLink(config), listen }
  fs.writeFileSync(fileOf(config), `${JSON.stringify(running)}\n`, { mode: 0o600 })
}

/** Undefined while the launcher that holds the lock has not written it yet. */
export function readRunFile(config: Pick<Config, 'runDir'>): RunFile | undefined {
  try {
    return JSON.parse(fs.readFileSync(fileOf(config), 'utf8')) as RunFile
  } catch {
    return undefined
  }
}

export function removeRunFile(config: Pick<Config, 'runDir'>): void {
  fs.rmSync(fileOf(config), { force: true })
}

export function loginLink(config: Config): string {
  return `${urlOf(config.domain, config)}/login?token=${encodeURIComponent(config.adminToken)}`
}

function fileOf({ runDir }: Pick<Config, 'runDir'>): string {
  return path.join(runDir, 'lotan.json')
}
