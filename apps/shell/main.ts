/** The shell part: lets people look inside previews. Beside the workers it alone has the engine's socket. */
import path from 'node:path'
import { openApp } from '../shared/app.ts'
import { openEngine } from '../shared/engine/engine.ts'
import { answerAt } from '../shared/answer.ts'
import type { ShellContext } from './context.ts'
import { openHelpers } from './helper/helpers.ts'
import { endLeftSessions } from './sessions/left-sessions.ts'
import { openSessions } from './sessions/open-sessions.ts'
import { openSsh } from './ssh/open-ssh.ts'

const app = openApp('shell')
const { config, log, signal } = app
const engine = openEngine(config)
const context: ShellContext = { ...app, engine, sessions: openSessions(app), helpers: openHelpers({ engine, config }) }
await endLeftSessions(context, signal)
const server = await answerAt(path.join(config.runDir, 'shell.sock'), () => app.store.version())
const ssh = config.shell?.ssh && openSsh(context, config.shell.ssh, signal)
app.atEnd(async () => {
  context.sessions.endAll({ why: 'lotan-ended' })
  server.close()
  server.closeAllConnections()
  await ssh?.close()
  await context.helpers.removeAll()
})
log.info({ ssh: config.shell?.ssh?.listen }, 'shell is ready')
