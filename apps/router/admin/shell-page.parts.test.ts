/** The page of a shell in a browser, with a server of sessions that says what it is told to say. With the real one: apps/stories/terminal. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { WebSocketServer, type WebSocket } from 'ws'
import { streams, SUBPROTOCOL, type ClientMessage, type ServerMessage } from '../../shared/shell/frames.ts'
import { violationsEverywhere } from '../../testing/harness/axe.ts'
import { goTo } from '../../testing/harness/browser.ts'
import { serviceRow } from '../../testing/harness/service-row.ts'
import { until } from '../../testing/harness/until.ts'
import { browse } from './browse.ts'
import { bringUp, openBed, type Bed } from './harness.ts'

const settings = { LOTAN_SHELL: 'on', LOTAN_SSH_LISTEN: '127.0.0.1:2222', LOTAN_SSH_KEYS: '/etc/hostname' }
const SECRET = 'a-secret-of-43-characters-'.padEnd(43, 'x')

/** Takes each WebSocket, or while it is away none. */
function openSessions() {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL })
  const waiting: ReturnType<typeof heardBy>[] = []
  const server = { isAway: false, refused: 0, next, take }
  return server

  /** That of the page, once it has come. */
  async function next() {
    return until('the page connects', () => waiting.shift())
  }

  function take(...[req, socket, head]: Parameters<typeof sockets.handleUpgrade> extends [...infer Three, unknown] ? Three : never) {
    if (server.isAway) return void (server.refused++, socket.destroy())
    sockets.handleUpgrade(req, socket, head, (one) => waiting.push(heardBy(one, req.url!)))
  }
} // prettier-ignore

function heardBy(socket: WebSocket, uri: string) {
  const told: ClientMessage[] = []
  const heard = { socket, told, query: new URLSearchParams(uri.split('?')[1]), typed: '', code: 0, say, write }
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) heard.typed += data.subarray(1).toString()
    else told.push(JSON.parse(data.toString()) as ClientMessage)
  })
  socket.on('close', (code) => (heard.code = code))
  return heard

  function say(...messages: ServerMessage[]) {
    for (const message of messages) socket.send(JSON.stringify(message))
  }
  function write(text: string) {
    socket.send(Buffer.concat([Buffer.from([streams.output]), Buffer.from(text)]))
  }
}

describe('the page of a shell', { timeout: 120_000 }, () => {
  let bed: Bed
  const sessions = openSessions()
  let it: Awaited<ReturnType<typeof browse>>
  const opened: ServerMessage = { type: 'open', session: 'one', resume: SECRET }

  before(async () => {
    bed = await openBed(settings)
    bringUp('red', bed)
    bed.store.services.put(serviceRow('red', 'db'))
    it = await browse(bed, sessions.take)
  })
  after(async () => {
    await it?.close()
    await bed?.close()
  })

  const standing = (text: string) => it.page.locator('#standing', { hasText: text }).waitFor()
  const shows = (text: string) => it.page.locator('.xterm-rows', { hasText: text }).waitFor()

  async function open(query = '') {
    await goTo(it.page, `${it.address}/previews/red/shell${query}`)
    return sessions.next()
  }

  test('says how far its preview is, what is said to people inside, and how the shell ended', async () => {
    const one = await open('?service=db')
    const { ticket, columns, rows, ...asked } = Object.fromEntries(one.query)
    assert.ok(ticket && Number(columns) > 80 && Number(rows) > 20)
    assert.deepEqual(asked, { tty: '1', via: 'page', term: 'xterm-256color', service: 'db' })
    one.say({ type: 'progress', line: 'red starts' })
    await standing('red starts')
    await it.page.keyboard.type('too soon')
    one.say(opened)
    await standing('Connected')
    one.write('$ \u001b[38;2;1;120;3mgreen\u001b[0m')
    await shows('$ green')
    await it.page.keyboard.type('ls -é\n')
    await until('it was typed', () => one.typed === 'ls -é\r')
    one.say({ type: 'notice', line: 'red is stopped in 60 s, unless you press a key.' })
    await it.page.locator('#notices', { hasText: 'unless you press a key' }).waitFor()
    assert.deepEqual(await violationsEverywhere(it.page), [])
    assert.ok(one.told.some((message) => message.type === 'resize' && message.columns < Number(columns)))

    one.say({ type: 'end', end: { why: 'exited', code: 7 } })
    await it.page.getByText('The shell has ended, with exit code 7.').waitFor()
    assert.deepEqual(await violationsEverywhere(it.page), [])
    // The terminal takes nothing now, Tab neither.
    await it.page.locator('#terminal').click()
    await it.page.keyboard.press('Shift+Tab')
    await it.page.keyboard.press('Enter')
    const other = await sessions.next()
    other.say({ type: 'refused', problem: 'too-many-sessions', detail: '100 sessions are open.' })
    await it.page.getByText('100 sessions are open.').waitFor()
    await it.page.getByText('Close a session that is not needed, and try again.').waitFor()
    assert.deepEqual(it.errors, [])
  })

  test('goes on with the same shell after its connection broke, and says when that is over', async () => {
    const one = await open()
    one.say(opened)
    one.write('twelve bytes')
    await shows('twelve bytes')
    sessions.isAway = true
    one.socket.terminate()
    await standing('The connection is lost.')
    await until('it has tried twice', () => sessions.refused >= 2)
    await it.page.keyboard.type('dropped')
    sessions.isAway = false
    const two = await sessions.next()
    const { resume, seen, service, term } = Object.fromEntries(two.query)
    assert.deepEqual({ resume, seen, service, term }, { resume: SECRET, seen: '12', service: undefined, term: undefined })
    two.say(opened)
    two.write(', and more')
    await shows('twelve bytes, and more')
    await standing('Connected again, to the same shell')
    await it.page.keyboard.type('kept')
    await until('what is typed now comes', () => two.typed === 'kept')

    two.socket.terminate()
    const three = await sessions.next()
    three.say({ type: 'refused', problem: 'session-over', detail: 'This session is over.' })
    await it.page.getByText('The connection was lost, and the shell has ended meanwhile.').waitFor()
    await shows('twelve bytes, and more')
    assert.deepEqual(it.errors, [])
  }) // prettier-ignore

  test('has the keys that a phone lacks, and ends its session when it is left', async () => {
    await it.page.setViewportSize({ width: 390, height: 700 })
    const one = await open()
    one.say(opened)
    await standing('Connected')
    for (const name of ['Esc', 'Tab', 'Ctrl']) await it.page.getByRole('button', { name, exact: true }).click()
    await it.page.keyboard.type('cc')
    await it.page.getByRole('button', { name: 'Up' }).click()
    await until('they came', () => one.typed.length >= 7)
    assert.equal(one.typed, '\u001b\t\u0003c\u001b[A')
    one.write('\u001b[?1h')
    one.write('now')
    await shows('now')
    await it.page.getByRole('button', { name: 'Up' }).click()
    await until('it came', () => one.typed.endsWith('\u001bOA'))
    await it.page.getByRole('link', { name: 'red', exact: true }).click()
    assert.equal(await until('it is closed', () => one.code), 1000)
  })

  test('reads without script, and its address says what it lacks', async () => {
    const headers = { Cookie: await bed.cookie() }
    const ask = (path: string, from = bed) => from.ask(path, { headers })
    assert.match((await ask('/previews/red/shell')).text, /ssh -p 2222 red@previews\.example\.com/)
    for (const [path, status, says] of [
      ['/previews/red/shell?service=mail', 404, 'red has no such service; it has db.'],
      ['/previews/blue/shell', 404, 'There is no preview'],
    ] as const) {
      const answer = await ask(path)
      assert.equal(answer.status, status)
      assert.ok(answer.text.includes(says), answer.text)
    }
    assert.match((await ask('/previews/red')).text, /href="\/previews\/red\/shell"/)

    const without = await openBed()
    try {
      bringUp('red', without)
      headers.Cookie = await without.cookie()
      const answer = await ask('/previews/red/shell', without)
      assert.equal(answer.status, 404)
      assert.ok(answer.text.includes('Nobody may look inside previews here'))
      assert.doesNotMatch((await ask('/previews/red', without)).text, /\/shell/)
    } finally {
      await without.close()
    }
  })
})
