/** The forge part: reads and writes pull requests, and notifies. It alone has the forge's token. */
import path from 'node:path'
import { openApp } from '../shared/app.ts'
import { readForgeToken } from '../shared/config/config.ts'
import { NAMELESS } from '../shared/preview/preview-id.ts'
import { retryForever } from '../shared/retry-forever.ts'
import { answerAt } from '../shared/answer.ts'
import { openForge } from './clients/open-forge.ts'
import { notify } from './notify/notify.ts'
import { readChanges } from './read-changes.ts'
import { openRest } from './rest.ts'
import { sayChanges } from './say/say-changes.ts'

const app = openApp('forge')
const { config, log, store, signal } = app
const token = readForgeToken()
const server = await answerAt(path.join(config.runDir, 'forge.sock'), () => store.version())
app.atEnd(() => {
  server.close()
  server.closeAllConnections()
})
// Nothing else keeps the process up where there is nothing to do.
const kept = setInterval(() => {}, 60_000)
signal.addEventListener('abort', () => clearInterval(kept))
const going = (what: string, run: () => Promise<void>) => void retryForever(what, log, signal, run)

for (const { name, path } of config.forge?.repositories ?? []) watch(name, path)
const { notifyUrl } = config
if (notifyUrl) going('news', () => notify(app, notifyUrl))
log.info({ forge: config.forge?.kind, says: token === null ? [] : config.forge?.says }, 'forge is ready')

/** Each by itself: one that is down, slow or limits its callers leaves the others alone. */
function watch(name: string, path: string) {
  const settings = config.forge!
  const rest = openRest({ name, path }, { store, log, longest: settings.interval })
  rest.begin(token, settings.says)
  if (token === null) return
  const context = { ...app, settings }
  const forge = openForge(settings, path, token)
  const repository = { name, path, application: applicationOf(name), forge, rest }
  going(`changes of ${path}`, () => readChanges(context, repository))
  going(`sayings in ${path}`, () => sayChanges(context, repository))
}

/** `todowrangler` of `registry.example.com/team/todowrangler`; a named repository has its name. */
function applicationOf(name: string): string {
  if (name !== NAMELESS) return name
  const reference = config.repositories.find((one) => one.name === NAMELESS)?.reference ?? ''
  return reference.slice(reference.lastIndexOf('/') + 1)
}
