/** LOTAN_USER_HEADER: the router and previews hear it from a trusted proxy alone. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { request } from '../../testing/clients/http.ts'
import { freePort } from '../../testing/harness/ports.ts'
import { until } from '../../testing/harness/until.ts'
import { writeNginxConf } from './config.ts'
import { forgetRoutes } from './route-cache.ts'

const domain = 'previews.test'
const TRUSTED = '127.0.0.2'
const STRANGER = '127.0.0.3'

describe('the header of a trusted proxy’s user', { timeout: 60_000 }, () => {
  let dir: string
  let config: ReturnType<typeof readConfig>
  let store: Store
  let nginx: ChildProcess | undefined
  const servers: http.Server[] = []

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-user-header-'))
    config = readConfig({
      TL_DOMAIN: domain,
      LOTAN_DATA_DIR: path.join(dir, 'data'),
      LOTAN_LISTEN: `127.0.0.1:${await freePort()}`,
      LOTAN_PUBLIC_URL: `http://${domain}`,
      LOTAN_SLOTS: '2',
      LOTAN_MAX_RUNNING: '1',
      LOTAN_TRUSTED_PROXIES: TRUSTED,
      LOTAN_USER_HEADER: 'X-Team-User',
      LOTAN_OIDC_ADMINS: 'anna@example.com',
    })
    const echo: http.RequestListener = (req, res) => res.end(JSON.stringify(req.headers['x-team-user'] ?? null))
    const application = serve(echo)
    application.listen(0, '127.0.0.1')
    await once(application, 'listening')
    serve(echo).listen({ path: path.join(config.runDir, 'desk.sock'), writableAll: true })
    // A cold request comes to /wait first.
    const decide: http.RequestListener = (req, res) =>
      res.writeHead(req.url!.startsWith('/wait') ? 200 : 403, { 'X-Upstream': 'slot_1' }).end()
    serve(decide).listen({ path: path.join(config.runDir, 'router.sock'), writableAll: true })
    const log = openLog('test', 'silent')
    store = openStore(path.join(dir, 'lotan.db'), { slots: 2, label: (tag) => tag, log })
    store.facts.set('slotKind', 'port')
    store.facts.set('slotPorts', Array<number>(2).fill((application.address() as AddressInfo).port))
    const [program = '', ...args] = await writeNginxConf(config, store)
    nginx = spawn(program, args, { stdio: 'inherit' })
    await until('nginx answers', async () => (await request(config.listen.port, { host: domain })).status === 200)
  })
  after(async () => {
    if (nginx) {
      const ended = once(nginx, 'exit')
      if (nginx.kill()) await ended
    }
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    store?.close()
    await forgetRoutes(config)
    await fs.rm(dir, { recursive: true, force: true })
  })

  function serve(listener: http.RequestListener): http.Server {
    const server = http.createServer(listener)
    servers.push(server)
    return server
  }

  for (const [what, host] of [
    ['the admin’s host', domain],
    ['a preview', `red.${domain}`],
    ['what is no preview’s host', 'elsewhere.test'],
  ] as const)
    test(what, async () => {
      const path = host === 'elsewhere.test' ? '/healthz' : '/'
      const heard = async (localAddress: string, headers: http.OutgoingHttpHeaders) => {
        const agent = new http.Agent({ localAddress })
        const { status, text } = await request(config.listen.port, { host, path, headers, agent })
        assert.equal(status, 200)
        return JSON.parse(text) as string | null
      }
      const sent = { 'X-Team-User': 'anna@example.com' }
      // The router reads no caller for /healthz, which is there on any host.
      if (path === '/') {
        assert.equal(await heard(STRANGER, sent), null)
        assert.equal(await heard(STRANGER, { 'x-team-user': ['eve', 'anna@example.com'] }), null)
        assert.equal(await heard(STRANGER, { ...sent, 'X-Forwarded-For': TRUSTED }), null)
        assert.equal(await heard(STRANGER, { X_Team_User: 'anna@example.com' }), null)
      }
      assert.equal(await heard(TRUSTED, sent), 'anna@example.com')
      assert.equal(await heard(TRUSTED, {}), null)
    })
})
