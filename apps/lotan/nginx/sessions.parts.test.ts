/** WebSockets of the way in: nginx takes them straight to the shell part, whatever the router does, and tells no log of their tickets. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { freePort } from '../../testing/harness/ports.ts'
import { until } from '../../testing/harness/until.ts'
import { asBrowser, request, type Ask } from '../../testing/clients/http.ts'
import { readConfig } from '../../shared/config/config.ts'
import { openLog } from '../../shared/log.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import { withoutQueries } from '../supervisor/process/output.ts'
import { writeNginxConf } from './config.ts'
import { forgetRoutes } from './route-cache.ts'

const domain = 'previews.test'

describe('a way in, through nginx', { timeout: 60_000 }, () => {
  let dir: string
  let config: ReturnType<typeof readConfig>
  let nginx: ChildProcess | undefined
  let store: Store | undefined
  let shell: http.Server
  let router: http.Server
  let said = ''

  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'lotan-nginx-'))
    config = readConfig({
      REPOSITORY: '127.0.0.1:5000/app',
      TL_DOMAIN: domain,
      LOTAN_DATA_DIR: path.join(dir, 'data'),
      LOTAN_LISTEN: `127.0.0.1:${await freePort()}`,
      LOTAN_SHELL: 'on',
    })
    router = http.createServer((req, res) => res.end(`the router, ${req.url}`))
    await listen(router, 'desk.sock')
    shell = http.createServer((req, res) => res.end(`the shell, ${req.url}`))
    const sockets = new WebSocketServer({ server: shell })
    sockets.on('connection', (socket, { headers, url }) => {
      socket.send(JSON.stringify({ headers, url }))
      socket.on('message', (data) => socket.send(data))
    })
    await listen(shell, 'shell.sock')
    store = openStore(path.join(dir, 'lotan.db'), { slots: 0, label: (tag) => tag, log: openLog('test', 'silent') })
    store.facts.set('slotKind', 'network')
    store.facts.set('subnet', '10.83.0.0/16')
    const [program = '', ...args] = await writeNginxConf(config, store)
    nginx = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] })
    nginx.stderr!.on('data', (piece: Buffer) => (said += piece.toString()))
    await until('nginx answers', async () => (await ask('/').catch(() => undefined))?.status === 200)
  })
  after(async () => {
    if (nginx) {
      const ended = once(nginx, 'exit')
      if (nginx.kill()) await ended
    }
    for (const server of [router, shell]) {
      server?.closeAllConnections()
      server?.close()
    }
    store?.close()
    await forgetRoutes(config)
    await fs.rm(dir, { recursive: true, force: true })
  })

  async function listen(server: http.Server, name: string) {
    await once(server.listen({ path: path.join(config.runDir, name), writableAll: true }), 'listening')
  }
  const ask = (at: string, more: Partial<Ask> = {}) => request(config.listen.port, { host: domain, path: at, ...more })
  const socketAt = (at: string, host = domain) =>
    new WebSocket(`ws://127.0.0.1:${config.listen.port}${at}`, {
      headers: { Host: host, Cookie: 'session=1', Authorization: 'Bearer x' },
    })

  test('a WebSocket goes to the shell part, with who asks and without their login', async () => {
    for (const at of [
      '/previews/red/exec',
      '/previews/1.9.5/run',
      '/repositories/api/previews/pr-7--as-anna/forward',
    ]) {
      const socket = socketAt(`${at}?ticket=hush&cmd=ls`)
      const [hello] = (await once(socket, 'message')) as [Buffer]
      const { url, headers } = JSON.parse(hello.toString()) as { url: string; headers: http.IncomingHttpHeaders }
      assert.equal(url, `${at}?ticket=hush&cmd=ls`)
      assert.deepEqual(
        [headers.host, headers['x-real-ip'], headers['x-forwarded-proto'], headers.cookie, headers.authorization],
        [domain, '127.0.0.1', 'http', undefined, undefined],
      )
      assert.match(String(headers['x-request-id']), /^[0-9a-f]{32}$/)
      socket.send('through and through')
      const [echo] = (await once(socket, 'message')) as [Buffer]
      assert.equal(echo.toString(), 'through and through')
      socket.terminate()
    }
  })

  test('files, tickets and all else are the router’s', async () => {
    for (const at of [
      '/files',
      '/previews/red/files',
      '/previews/red/shell',
      '/api/v1/previews/red/tickets',
      '/previews/red/exec/',
      '/previews/a/b/exec',
      '/x/previews/red/exec',
      '/exec',
    ])
      // prettier-ignore
      assert.match((await ask(`${at}?path=/x`)).text, /^the router, /, at)
    // However it is written.
    for (const at of [
      '/previews/red/exec/../files',
      '/previews/red/%66iles',
      '//previews/red/files',
      '/previews/red/exec/../../../files',
      '/files?/../previews/red/exec',
      '/files#/../previews/red/exec',
    ])
      assert.match((await ask(at)).text, /^the router, /, at)
  })

  test('nothing that nginx takes for one of them is read as a path of files', async () => {
    // The shell part's server reads `/files?…` as the router's word.
    for (const at of [
      '/files%3Fpreview=red/../previews/red/exec',
      '/files/%2e%2e/previews/red/exec',
      '//files/../previews/red/exec',
    ]) {
      const { text } = await ask(at)
      assert.match(text, /^the shell, /, at)
      assert.doesNotMatch(text, /^the shell, \/files\?/, at)
    }
  })

  test('a preview’s host has none of it', async () => {
    const socket = socketAt('/previews/red/exec?ticket=hush', `red.${domain}`)
    const [error] = (await once(socket, 'error')) as [Error]
    assert.match(error.message, /Unexpected server response: 503/)
  })

  test('where the shell part is down programs are told when to try again, and no log has the ticket', async () => {
    shell.closeAllConnections()
    await new Promise((resolve) => shell.close(resolve))
    for (const headers of [{}, asBrowser, { Connection: 'Upgrade', Upgrade: 'websocket' }]) {
      const answer = await ask('/previews/red/exec?ticket=hush-hush', { headers })
      assert.deepEqual([answer.status, answer.headers['content-type'], answer.headers['retry-after']], [503, 'application/problem+json', '2']) // prettier-ignore
      assert.match(answer.text, /"type":"http:\/\/previews\.test:\d+\/problems\/restarting".*inside previews/)
    }
    const log = () => fs.readFile(`${config.dataDir}/logs/nginx-access.log`, 'utf8')
    // Opened anew, the log has what waits in buffers.
    nginx!.kill('SIGUSR1')
    await until('it is in the log', async () => /"\/previews\/red\/exec" 503/.test(await log()), { within: 10_000 })
    assert.match(await log(), /"\/repositories\/api\/previews\/pr-7--as-anna\/forward" 101/)
    assert.doesNotMatch(await log(), /hush/)
    // What nginx itself says of it is edited by the launcher.
    assert.match(said, /hush-hush/)
    assert.doesNotMatch(said.split('\n').map(withoutQueries).join('\n'), /hush/)
  })

  test('where nobody may look inside nginx knows nothing of it', async () => {
    const off = readConfig({ REPOSITORY: '127.0.0.1:5000/app', TL_DOMAIN: domain, LOTAN_DATA_DIR: path.join(dir, 'off'), LOTAN_LISTEN: '127.0.0.1:1' }) // prettier-ignore
    await writeNginxConf(off, store!)
    assert.doesNotMatch(await fs.readFile(path.join(off.runDir, 'nginx/nginx.conf'), 'utf8'), /shell|exec\b.*forward/)
    await forgetRoutes(off)
  })
})
