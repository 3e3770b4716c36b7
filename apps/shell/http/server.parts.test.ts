/** Who is let in to the shell part's server, and how it speaks with clients; what runs inside is server.engine.test.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { pino } from 'pino'
import { request, type IncomingMessage } from 'node:http'
import { readConfig } from '../../shared/config/config.ts'
import type { Nudges } from '../../shared/queue.ts'
import { hashOf } from '../../shared/secret.ts'
import { openStore, type Store } from '../../shared/store/store.ts'
import type { ShellContext } from '../context.ts'
import { openSessions } from '../sessions/open-sessions.ts'
import { clientOf, connect, domain, giveTicket, refusalOf } from './harness.ts'
import { openServer, type ShellServer } from './server.ts'

describe('the shell part’s server', { timeout: 30_000 }, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-shell-'))
  const socketFile = path.join(dir, 'shell.sock')
  let store: Store
  let server: ShellServer
  let context: ShellContext
  const lines: string[] = []

  before(async () => {
    const config = readConfig({ REPOSITORY: 'registry.example.com/app', TL_DOMAIN: domain, TAG_FILTER: '^[^x]', LOTAN_SHELL: 'on', LOTAN_DATA_DIR: dir }) // prettier-ignore
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
    store = openStore(path.join(dir, 'lotan.sqlite'), { slots: 0, label: (tag) => tag, log })
    // What is asked for is never up here: there is no engine, and no queue.
    const app = { config, store, log, nudges: { nudge: () => Promise.resolve() } as unknown as Nudges }
    context = { ...app, sessions: openSessions(app), engine: {}, helpers: {} } as unknown as ShellContext
    server = await openServer(context, socketFile)
  })
  beforeEach(() => lines.splice(0))
  after(async () => {
    await context.sessions.endAll({ why: 'lotan-ended' })
    await server?.close()
    store?.close()
    fs.rmSync(dir, { recursive: true, force: true })
  })

  const open = (uri: string, headers = {}, protocols?: string[]) => connect(socketFile, uri, { headers }, protocols)
  const refused = (uri: string, headers = {}, protocols?: string[]) => refusalOf(open(uri, headers, protocols))
  const ticket = (preview: string) => giveTicket({ store }, preview)

  test('a ticket lets in once, to its own preview', async () => {
    const [red, named, copy] = [ticket('red'), ticket('api/red'), ticket('red~anna')]
    assert.deepEqual(await refused('/previews/red/exec'), [401, 'no-ticket'])
    assert.deepEqual(await refused('/previews/red/exec?ticket=short'), [401, 'no-ticket'])
    for (const other of [named, copy]) assert.deepEqual(await refused(`/previews/red/exec?ticket=${other}`), [401, 'no-ticket']) // prettier-ignore
    assert.deepEqual(await refused(`/previews/blue/exec?ticket=${red}`), [401, 'no-ticket'])
    assert.deepEqual(await refused(`/repositories/api/previews/red/exec?ticket=${red}`), [401, 'no-ticket'])
    assert.deepEqual(await refused(`/previews/red~anna/exec?ticket=${copy}`), [401, 'no-ticket'])
    const client = clientOf(open(`/previews/red/exec?ticket=${red}`))
    await once(client.socket, 'open')
    assert.equal(client.socket.protocol, 'lotan.session.v1')
    assert.deepEqual(await refused(`/previews/red/exec?ticket=${red}`), [401, 'no-ticket'])
    client.socket.terminate()
    assert.ok(!lines.join('').includes(red))
  })

  test('what is wrong with the rest uses no ticket up', async () => {
    const red = ticket('red')
    const own = { Origin: `http://${domain}` }
    for (const Origin of ['http://evil.example', `http://red.${domain}`, `https://${domain}:8443`, 'null'])
      assert.deepEqual(await refused(`/previews/red/exec?ticket=${red}`, { Origin }), [403, 'other-site'])
    assert.deepEqual(await refused(`/previews/red/exec?ticket=${red}&x=1`, own), [400, 'bad-parameter'])
    assert.deepEqual(await refused(`/previews/red/forward?ticket=${red}`, own), [400, 'bad-parameter'])
    assert.deepEqual(await refused(`/previews/red/exec?ticket=${red}`, own, ['lotan.session.v0']), [426, 'upgrade-needed']) // prettier-ignore
    for (const none of ['/previews/red/attach', '/files', '/exec', '/'])
      assert.deepEqual(await refused(`${none}?ticket=${red}`, own), [404, 'nothing-here'], none)
    assert.ok(store.tickets.take(hashOf(red), 'red', Date.now()))
  })

  test('what cannot be woken is refused over the WebSocket, and told to the audit', async () => {
    const client = clientOf(open(`/previews/xyz/exec?ticket=${ticket('xyz')}&cmd=ls`, { Origin: `http://${domain}` }))
    assert.equal(await client.closed, 1000)
    assert.deepEqual(client.told, [{ type: 'refused', problem: 'no-such-tag', detail: 'xyz is none of the tags that may run here.' }]) // prettier-ignore
    const [line] = store.history('xyz', 1)
    assert.deepEqual([line?.who, line?.address], ['anna', '192.0.2.7'])
    assert.deepEqual(store.shellSessions.list(), [])
    for (const uri of ['run?', 'forward?to=80&']) {
      const other = clientOf(open(`/previews/xyz/${uri}ticket=${ticket('xyz')}`))
      assert.equal(await other.closed, 1000)
      assert.equal(other.found('refused')?.problem, 'no-such-tag')
    }
    assert.deepEqual(store.shellSessions.list(), [])
  })

  test('a session that nobody keeps is over', async () => {
    const uri = `/previews/red/exec?tty=1&via=page&resume=${'s'.repeat(43)}&ticket=${ticket('red')}`
    const client = clientOf(open(uri))
    assert.equal(await client.closed, 1000)
    assert.equal(client.found('refused')?.problem, 'session-over')
  })

  test('it says whether it works, and that a WebSocket is needed', async () => {
    const get = async (uri: string) => {
      const sent = request({ socketPath: socketFile, path: uri, agent: false }).end()
      const [{ statusCode, headers }] = (await once(sent, 'response')) as [IncomingMessage]
      return [statusCode, headers.upgrade]
    }
    assert.deepEqual(await get('/'), [204, undefined])
    assert.deepEqual(await get('/previews/red/exec?ticket=x'), [426, 'websocket'])
  })
})
