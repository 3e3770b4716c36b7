/** LOTAN_LOG: a file for each process, or the launcher's own output. */
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Config } from '../../../shared/config/config.ts'
import { displayPath } from '../../console.ts'

export type Output = { file: string; edit?: (line: string) => string } | { line: (text: string) => void }

export function logOf(name: string, config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, 'logs', `${name}.log`)
}

export function outputOf(name: string, config: Pick<Config, 'dataDir' | 'logs'>, out: NodeJS.WritableStream): Output {
  // Always a file: the demo's registry logs an error for every layer it does not have yet.
  const edit = name === 'nginx' ? withoutQueries : undefined
  if (config.logs === 'files' || name === 'registry') return { file: logOf(name, config), edit }
  return { line: (text) => out.write(`${withName(name, edit?.(text) ?? text)}\n`) }
}

/** `see .lotan/logs/router.log`. */
export function whereToLook(output: Output): string {
  return 'file' in output ? `see ${displayPath(output.file)}` : 'its output stands above'
}

/** For one run: spawn with `stdio`, then `read` the child's streams. */
export function openOutput(output: Output) {
  if ('line' in output || output.edit) {
    const write = 'line' in output ? output.line : appendTo(output.file, output.edit!)
    return {
      stdio: 'pipe' as const,
      write,
      read: (stream: Readable | null) => void (stream && createInterface(stream).on('line', write)),
      close: () => {},
    }
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

function appendTo(file: string, edit: (line: string) => string) {
  return (line: string) => {
    try {
      fs.appendFileSync(file, `${edit(line)}\n`, { mode: 0o600 })
    } catch {
      // As above.
    }
  }
}

/**
 * nginx's errors repeat the request, with a query that may hold a secret: the login link's among them, where the router
 * is down. nginx knows no other form for them.
 */
export function withoutQueries(line: string): string {
  return line.replace(/\?.*?(?= HTTP\/\d|", (?:subrequest|upstream|host|referrer): "|"?$)/g, '?…')
}

/** Lotan's own processes log JSON that names them; nginx sometimes writes its name. */
function withName(name: string, text: string): string {
  return ['{', 'lotan: ', `${name}: `].some((own) => text.startsWith(own)) ? text : `${name}: ${text}`
}
