/** `lotan.mjs`, the command line as one file: set-up builds it, the router serves it to CI jobs. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

export const clientFile = path.resolve(import.meta.dirname, '../../build/lotan.mjs')

/** Undefined where set-up has not built it. */
export function readClient(file = clientFile): { text: Buffer; sha256: string } | undefined {
  try {
    const text = fs.readFileSync(file)
    return { text, sha256: createHash('sha256').update(text).digest('hex') }
  } catch {
    return undefined
  }
}
