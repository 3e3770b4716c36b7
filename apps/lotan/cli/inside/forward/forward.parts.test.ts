/** `lotan forward` as a program, against a server that speaks as Lotan does. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { streams } from '../../../../shared/shell/frames.ts'
import { surroundings } from '../../../../testing/harness/surroundings.ts'
import { until } from '../../../../testing/harness/until.ts'
import { openFarEnd, type FarEnd, type Visit } from '../harness.ts'

const main = path.resolve(import.meta.dirname, '../../../main.ts')
const children = new Set<ChildProcess>()
let far: FarEnd
before(async () => {
  far = await openFarEnd()
})
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await far.close()
})

function start(...args: string[]) {
  const env = { ...surroundings, LOTAN_API: far.api.base, LOTAN_ADMIN_TOKEN: far.api.token }
  const child = spawn(process.execPath, [main, 'forward', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (piece: Buffer) => (said.out += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (said.err += piece.toString()))
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child)
    return { status: code as number | null, ...said }
  })
  const ports = async () => {
    await until('it listens', () => said.err.includes('Ctrl-C ends it') || child.exitCode !== null)
    return said.out.trim().split('\n').map((line) => Number(/^[^ ]*:(\d+) /.exec(line)![1])) // prettier-ignore
  }
  return { child, said, ended, ports }
}

/** Answers once it has heard all. */
function mirror(visit: Visit) {
  const heard: Buffer[] = []
  visit.say({ type: 'progress', line: 'starting' })
  visit.say({ type: 'open', session: 's', resume: null })
  visit.bytes = (piece) => void heard.push(piece)
  visit.told = (message) => {
    if (message.type !== 'eof') return
    for (const piece of heard) visit.send(streams.output, piece)
    visit.say({ type: 'eof' })
    visit.say({ type: 'end', end: { why: 'exited', code: 0 } })
  }
}

/** @returns what comes back once it has said all */
async function exchange(port: number, said: Buffer | string): Promise<Buffer> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.end(said)
  return buffer(socket)
}

test('several ports, one ticket and one WebSocket a connection, 20 MB both ways, and the end of one side', async () => {
  far.meet = mirror
  const { child, said, ended, ports } = start('api/red', 'db:5432', '6379', '--bind', '0', '--bind', '0')
  const [db = 0, own = 0] = await ports()
  assert.match(said.out, /^127\.0\.0\.1:\d+ {2}api\/red db:5432\n127\.0\.0\.1:\d+ {2}api\/red 6379\n$/)
  const bytes = randomBytes(20_000_000)
  const [much, little] = await Promise.all([exchange(db, bytes), exchange(own, 'PING')])
  const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  assert.equal(digest(much), digest(bytes))
  assert.equal(little.toString(), 'PING')
  const asked = far.visits.map(({ path, query }) => `${path} ${query.get('to')}`).toSorted()
  assert.deepEqual(asked, ['/repositories/api/previews/red/forward 6379', '/repositories/api/previews/red/forward db:5432']) // prettier-ignore
  child.kill('SIGINT')
  const { status, err } = await ended
  assert.equal(status, 130)
  assert.match(err, /^lotan: Ctrl-C ends it\n(lotan: api\/red: starting\n)+$/)
})

test('a connection that is refused or cut is told of, and the next one works; so it does after Lotan was away', async () => {
  const { child, said, ended, ports } = start('red', 'db:5432', '--bind', '0')
  const [port = 0] = await ports()
  const cut = async () => {
    const [error] = await once(net.connect(port, '127.0.0.1'), 'error')
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
  }
  far.meet = ({ say }) => say({ type: 'refused', problem: 'no-such-service', detail: 'red has no service db. It has none.' }) // prettier-ignore
  await cut()
  await cut()
  await until('it is told', () => said.err.endsWith('lotan: red has no service db. It has none.\n'))
  assert.equal(said.err.split('no service').length, 2, said.err)

  far.meet = ({ say, socket }) => (say({ type: 'open', session: 's', resume: null }), socket.terminate())
  await cut()
  await until('it is told', () => /the connection to red db:5432 broke off.*; the next connection wakes it\n$/.test(said.err)) // prettier-ignore
  far.meet = mirror
  assert.equal((await exchange(port, 'again')).toString(), 'again')

  const at = Number(new URL(far.api.base).port)
  await far.close()
  await cut()
  await until('it is told', () => /no Lotan answers at .*; the next connection tries it again\n$/.test(said.err))
  far = await openFarEnd(at)
  far.meet = mirror
  assert.equal((await exchange(port, 'third')).toString(), 'third')
  await until('it is told', () => said.err.endsWith('lotan: Lotan answers again\n'))
  child.kill('SIGINT')
  assert.equal((await ended).status, 130)
})

test('what cannot work is told before any port is open', async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const taken = await start('red', '5432', '--bind', `${port}`).ended
  server.close()
  assert.deepEqual([taken.status, taken.out], [1, ''])
  assert.match(taken.err, new RegExp(`^lotan: 127.0.0.1:${port} is taken on this machine: .*--bind 0\\n$`))
  const wrong = await start('red', 'db').ended
  assert.deepEqual([wrong.status, wrong.out], [2, ''])

  const open = start('red', '5432', '--bind', '0.0.0.0:0')
  await open.ports()
  assert.match(open.said.err, /^lotan: other machines may reach 0\.0\.0\.0:0: whoever does is inside red/)
  open.child.kill('SIGINT')
  await open.ended
})
