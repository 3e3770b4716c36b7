import fs from 'node:fs'
import path from 'node:path'

/** A router that reads it meanwhile gets the old one or the new one. */
export function replaceFile(file: string, contents: Uint8Array, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const fresh = `${file}.${process.pid}`
  fs.writeFileSync(fresh, contents, { mode })
  fs.renameSync(fresh, file)
}
