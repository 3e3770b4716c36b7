/** Where the parts' output goes (LOTAN_LOG): to a file each, or on to whoever reads the launcher's. */
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Config } from '../../shared/config/config.ts'
import { shown } from '../console.ts'

/** A file that is appended to, or somebody who takes each line. */
export type Output = { file: string } | { line: (text: string) => void }

export function logOf(name: string, config: Pick<Config, 'dataDir'>): string {
  return path.join(config.dataDir, 'logs', `${name}.log`)
}

/** Where a part writes. @param out the standard output of the launcher */
export function outputOf(name: string, config: Pick<Config, 'dataDir' | 'logs'>, out: NodeJS.WritableStream): Output {
  // The demo's registry takes every layer that it is asked for and does not have yet for an error.
  if (config.logs === 'files' || name === 'registry') return { file: logOf(name, config) }
  return { line: (text) => out.write(`${signed(name, text)}\n`) }
}

/** Where a part's words are, for a sentence: `see .lotan/logs/router.log`. */
export function whereIs(output: Output): string {
  return 'file' in output ? `see ${shown(output.file)}` : 'its words stand above'
}

/** Opens an output for one run of a part. The run is started with `stdio`, and its streams, if it has any, are read. */
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
        // A full disk: what cannot be said must not take the launcher down.
      }
    },
    read: () => {},
    close: () => fs.closeSync(stdio),
  }
}

/** Every line says whose it is. Lotan's own parts do so themselves, in JSON, and so does nginx sometimes. */
function signed(name: string, text: string): string {
  return ['{', 'lotan: ', `${name}: `].some((own) => text.startsWith(own)) ? text : `${name}: ${text}`
}
