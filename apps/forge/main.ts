/** The forge part: reads and writes pull requests, and notifies. It alone has the forge's token. */
import { openApp } from '../shared/app.ts'
import { readForgeToken } from '../shared/config/config.ts'

const app = openApp('forge')
const { config, log, signal } = app
const token = readForgeToken()

log.info({ forge: config.forge?.kind, says: token === null ? [] : config.forge?.says }, 'forge is ready')
// Nothing else keeps the process up where there is nothing to do.
const kept = setInterval(() => {}, 60_000)
signal.addEventListener('abort', () => clearInterval(kept))
