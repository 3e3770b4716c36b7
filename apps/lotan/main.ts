import { commands } from './cli/commands.ts'
import { readClient } from '../shared/client-file.ts'
import { version } from '../shared/version.ts'
import { runProgram } from './cli/program.ts'

process.exit(await runProgram(process.argv.slice(2), commands, { version: version(), checksum }))

/** Of the file that this Lotan serves. */
function checksum(): string {
  return readClient()?.sha256 ?? 'not built here, npm start does that'
}
