import fs from 'node:fs'
import path from 'node:path'

/** Of this Lotan, as its package.json says. */
export function version(): string {
  const file = path.resolve(import.meta.dirname, '../../package.json')
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
}
