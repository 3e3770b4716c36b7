/** The `lotan` command. */
import { readConfig, SettingsError, type Config } from '../shared/config.ts'
import { certificateProblems } from './certificate.ts'
import { openConsole } from './console.ts'
import { up } from './up.ts'

const [command, ...rest] = process.argv.slice(2)
if (command !== 'up' || rest.length > 0) {
  console.error('usage: lotan up')
  process.exit(2)
}
const config = settings()
process.exit(await up(config, openConsole(process.stdout, config.term)))

function settings(): Config {
  try {
    return readConfig(undefined, certificateProblems)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    for (const { variable, problem } of error.problems) console.error(`lotan: ${variable} ${problem}`)
    process.exit(1)
  }
}
