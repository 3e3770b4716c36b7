import fs from 'node:fs'
import path from 'node:path'
import { commands } from './cli/commands.ts'
import { runProgram } from './cli/program.ts'

process.exit(await runProgram(process.argv.slice(2), commands, { version: version(), checksum: () => '' }))

function version(): string {
  const file = path.resolve(import.meta.dirname, '../../package.json')
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
}
