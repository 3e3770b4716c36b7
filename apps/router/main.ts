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
  // It polls only while a request waits, for microseconds, and where the kernel reports each write, in vain.
  changes: watchStore(store, { everyMs: 10 }),
  activity: noteActivity(store, { everyMs: 500 }),
  streams: noteStreams(store, endedStreamsFile(config), { everyMs: 1_000 }),
  reaper: openReaper(config),
}
app.atEnd(() => context.activity.close())
app.atEnd(() => context.streams.close())

await listen(gateway(context), 'router.sock')
await listen(adminApp(context), 'desk.sock')
log.info({ repository: config.repository, domain: config.domain }, 'router is ready')

/** Replaces a socket that a killed router left. */
async function listen(express: Express, name: string): Promise<void> {
  const file = path.join(config.runDir, name)
  fs.rmSync(file, { force: true })
  // Larger than nginx's own buffers, so that nginx is the one that refuses, with a page.
  const server = http.createServer({ maxHeaderSize: 1024 * 1024 }, express)
  // nginx keeps its connections alive: the router must never close one that nginx is about to use.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
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
