/** The router: decides which container serves a request, and serves all pages and the API. */
import fs from 'node:fs'
import type http from 'node:http'
import path from 'node:path'
import { openApp } from '../shared/app.ts'
import { titleOf } from '../shared/repository.ts'
import { endedStreamsFile } from '../shared/preview/ended-streams.ts'
import type { RouterContext } from './context.ts'
import { noteActivity } from './gateway/activity.ts'
import { watchStore } from './watch/store-watch.ts'
import { noteWaiters } from './waiters.ts'
import { adminApp } from './admin/app.ts'
import { openGate } from './gate/gate.ts'
import { gateway } from './gateway/routes.ts'
import { openInbox } from './hooks/inbox.ts'
import { brandOf } from './pages/brand.ts'
import { openMeters } from './metrics/meters.ts'
import { openReaper } from './reaper-client.ts'
import { noteStreams } from './gateway/open-streams.ts'
import { openSessions } from './access/sessions.ts'
import { adminServer, gatewayServer } from './server.ts'

const app = openApp('router')
const { config, log, store, nudges } = app
// It polls only while a request waits, for microseconds, and where the kernel reports each write, in vain.
const changes = watchStore(store, { everyMs: 10 })
const context: RouterContext = {
  config,
  log,
  store,
  nudges,
  changes,
  waiters: noteWaiters({ store, nudges, changes }, { everyMs: 4_000 }),
  gate: openGate({ config, store, log }),
  inbox: openInbox({ store, templates: config.forge?.templates ?? [] }),
  brand: brandOf(config, log),
  activity: noteActivity(store, { everyMs: 500 }),
  streams: noteStreams(store, endedStreamsFile(config), { everyMs: 1_000 }),
  reaper: openReaper(config),
  meters: openMeters(),
}
app.atEnd(() => context.waiters.close())
app.atEnd(() => context.inbox.close())
app.atEnd(() => context.activity.close())
app.atEnd(() => context.streams.close())

const ended = openSessions(config, store).endOthers()
if (ended > 0) log.info({ who: 'lotan', sessions: ended }, 'sessions ended: what let them in is another one')

await listen(gatewayServer(gateway(context)), 'router.sock')
await listen(adminServer(adminApp(context), config), 'desk.sock')
log.info({ repositories: config.repositories.map(titleOf), domain: config.domain }, 'router is ready')

/** Replaces a socket that a killed router left. */
async function listen(server: http.Server, name: string): Promise<void> {
  const file = path.join(config.runDir, name)
  fs.rmSync(file, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // nginx's workers are another user: only they and this one may enter the directory.
    server.listen({ path: file, writableAll: true }, resolve)
  })
  app.atEnd(() => {
    server.close()
    server.closeAllConnections()
  })
}
