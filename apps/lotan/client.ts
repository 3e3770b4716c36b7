/** The command line as one file, without what needs this machine's engine: install/build-client.ts bundles it. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { clientCommands } from './cli/client-commands.ts'
import { runProgram } from './cli/program.ts'

/** Filled in by the bundler. */
declare const VERSION: string

const checksum = () =>
  createHash('sha256')
    .update(fs.readFileSync(import.meta.filename))
    .digest('hex')
process.exit(await runProgram(process.argv.slice(2), clientCommands, { version: VERSION, checksum }))
