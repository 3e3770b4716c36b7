/** The router: which tag a request is for, which container serves it, and everything that people read. */
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import type { Express } from 'express'
import { readConfig } from '../shared/config/config.ts'
import { endedStreamsFile } from '../shared/preview/ended-streams.ts'
import { openLog } from '../shared/log.ts'
import { openQueue } from '../shared/queue.ts'
import { openOwnStore } from '../shared/store/own-store.ts'
import { noteActivity } from './gateway/activity.ts'
import { watchStore } from './watch/store-watch.ts'
import { adminApp } from './admin/app.ts'
import { gateway } from './gateway/routes.ts'
import { openReaper } from './reaper-client.ts'
import { noteStreams } from './gateway/open-streams.ts'

const config = readConfig()
const log = openLog('router')
const store = openOwnStore(config, log)
const nudges = openQueue(config, log)
// 10 ms: half of what a person would notice of a warm start; a look costs microseconds, and only while somebody waits.
const changes = watchStore(store, { every: 10 })
const activity = noteActivity(store, { every: 500 })
const streams = noteStreams(store, endedStreamsFile(config), { every: 500 })
const reaper = openReaper(config)

const parts = { config, store, nudges, changes, activity, streams, reaper, log }
const servers = [await listen(gateway(parts), 'router.sock'), await listen(adminApp(parts), 'desk.sock')]
log.info({ repository: config.repository, domain: config.domain }, 'router is ready')

process.once('SIGTERM', () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  activity.close()
  streams.close()
  void nudges.close().finally(() => process.exit(0))
  setTimeout(() => process.exit(0), 1_000).unref()
})

/** Serves an app on a unix socket in the run directory; a socket that a killed router left behind is replaced. */
async function listen(app: Express, name: string): Promise<http.Server> {
  const file = path.join(config.runDir, name)
  fs.rmSync(file, { force: true })
  // More than nginx lets in, and says in words that it does not.
  const server = http.createServer({ maxHeaderSize: 1024 * 1024 }, app)
  // nginx keeps its connections; the router must never close one that nginx is about to use.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(file, resolve)
  })
  return server
}
