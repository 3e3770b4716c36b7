/** LOTAN_LOG: a file for each process, or the launcher's own output. */
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Config } from '../../../shared/config/config.ts'
import { displayPath } from '../../console.ts'

export type Output = { file: string } | { line: (text: string) => void }

export function logOf(name: string, config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, 'logs', `${name}.log`)
}

export function outputOf(name: string, config: Pick<Config, 'dataDir' | 'logs'>, out: NodeJS.WritableStream): Output {
  // Always a file: the demo's registry logs an error for every layer it does not have yet.
  if (config.logs === 'files' || name === 'registry') return { file: logOf(name, config) }
  return { line: (text) => out.write(`${withName(name, text)}\n`) }
}

/** `see .lotan/logs/router.log`. */
export function whereToLook(output: Output): string {
  return 'file' in output ? `see ${displayPath(output.file)}` : 'its output stands above'
}

/** For one run: spawn with `stdio`, then `read` the child's streams. */
export function openOutput(output: Output) {
  if ('line' in output)
    return {
      stdio: 'pipe' as const,
      write: output.line,
      read: (stream: Readable | null) => void (stream && createInterface(stream).on('line', output.line)),
      close: () => {},
    }
  const stdio = fs.openSync(output.file, 'a', 0o600)
  return {
    stdio,
    write: (text: string) => {
      try {
        fs.writeSync(stdio, `${text}\n`)
      } catch {
        // A full disk must not end the launcher.
      }
    },
    read: () => {},
    close: () => fs.closeSync(stdio),
  }
}

/** Lotan's own processes log JSON that names them; nginx sometimes writes its name. */
function withName(name: string, text: string): string {
  return ['{', 'lotan: ', `${name}: `].some((own) => text.startsWith(own)) ? text : `${name}: ${text}`
}
