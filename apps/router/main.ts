/** The router: decides which container serves a request, and serves all pages and the API. */
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import type { Express } from 'express'
import { openApp } from '../shared/app.ts'
import { endedStreamsFile } from '../shared/preview/ended-streams.ts'
import type { RouterContext } from './context.ts'
import { noteActivity } from './gateway/activity.ts'
import { watchStore } from './watch/store-watch.ts'
import { adminApp } from './admin/app.ts'
import { gateway } from './gateway/routes.ts'
import { openReaper } from './reaper-client.ts'
import { noteStreams } from './gateway/open-streams.ts'

const app = openApp('router')
const { config, log, store, nudges } = app
const context: RouterContext = {
  config,
  log,
  store,
  nudges,
  // 10 ms: half of what a person would notice of a warm start; a look costs microseconds, and only while a request waits.
  changes: watchStore(store, { every: 10 }),
  activity: noteActivity(store, { every: 500 }),
  streams: noteStreams(store, endedStreamsFile(config), { every: 500 }),
  reaper: openReaper(config),
}
app.atEnd(() => context.activity.close())
app.atEnd(() => context.streams.close())

await listen(gateway(context), 'router.sock')
await listen(adminApp(context), 'desk.sock')
log.info({ repository: config.repository, domain: config.domain }, 'router is ready')

/** Serves an app on a unix socket in the run directory; a socket that a killed router left behind is replaced. */
async function listen(express: Express, name: string): Promise<void> {
  const file = path.join(config.runDir, name)
  fs.rmSync(file, { force: true })
  // More than nginx lets in, and says in words that it does not.
  const server = http.createServer({ maxHeaderSize: 1024 * 1024 }, express)
  // nginx keeps its connections; the router must never close one that nginx is about to use.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(file, resolve)
  })
  app.atEnd(() => {
    server.close()
    server.closeAllConnections()
  })
}
