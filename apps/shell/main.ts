/** The shell part: lets people look inside previews. Beside the workers it alone has the engine's socket. */
import path from 'node:path'
import { openApp } from '../shared/app.ts'
import { openEngine } from '../shared/engine/engine.ts'
import type { ShellContext } from './context.ts'
import { openHelpers } from './helper/helpers.ts'
import { openServer } from './http/server.ts'
import { endLeftSessions } from './sessions/left-sessions.ts'
import { openSessions } from './sessions/open-sessions.ts'
import { openSsh } from './ssh/open-ssh.ts'

const app = openApp('shell')
const { config, log, signal } = app
const engine = openEngine(config)
const sessions = openSessions(app)
const context: ShellContext = { ...app, engine, sessions, helpers: openHelpers({ engine, config }, sessions.isInside) }
await endLeftSessions(context, signal)
const server = await openServer(context, path.join(config.runDir, 'shell.sock'))
const ssh = config.shell?.ssh && openSsh(context, config.shell.ssh, signal)
app.atEnd(async () => {
  const ended = sessions.endAll({ why: 'lotan-ended' })
  await Promise.all([server.close(), ssh?.close()])
  await ended
  await context.helpers.removeAll()
})
log.info({ ssh: config.shell?.ssh?.listen }, 'shell is ready')
