import fs from 'node:fs'
import path from 'node:path'
import { commands } from './cli/commands.ts'
import { readClient } from '../shared/client-file.ts'
import { runProgram } from './cli/program.ts'

process.exit(await runProgram(process.argv.slice(2), commands, { version: version(), checksum }))

function version(): string {
  const file = path.resolve(import.meta.dirname, '../../package.json')
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
}

/** Of the file that this Lotan serves. */
function checksum(): string {
  return readClient()?.sha256 ?? 'not built here, npm start does that'
}
