/** `npm run generate`. */
import fs from 'node:fs'
import path from 'node:path'
import { commands } from './commands.ts'
import { withCommands } from './documents.ts'

const file = path.resolve(import.meta.dirname, '../../..', 'docs/command-line.md')
fs.writeFileSync(file, withCommands(fs.readFileSync(file, 'utf8'), commands))
