/**
 * A list of items in a database, over the network and without a library:
 *
 *   ITEMS_REDIS=HOST      in Redis; REDIS_PASSWORD, if it asks for one
 *   ITEMS_POSTGRES=HOST   in PostgreSQL; POSTGRES_PASSWORD
 *
 * GET / answers all of them, one on each line; POST / adds its body, and answers once the database has it. Where the
 * database does not answer it answers 503. X-App-Started tells one run of it from the next.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { text } from 'node:stream/consumers'

const { ITEMS_REDIS, ITEMS_POSTGRES, REDIS_PASSWORD = '', POSTGRES_PASSWORD = '', PORT = '80' } = process.env
const ANSWER_MS = 5_000
const started = createHash('sha256').update(`${Date.now()} ${process.hrtime.bigint()}`).digest('hex').slice(0, 8)

const server = http.createServer(async (req, res) => {
  res.setHeader('X-App-Started', started)
  try {
    if (req.method === 'POST') await add(await text(req))
    res.end((await all()).map((item) => `${item}\n`).join(''))
  } catch (error) {
    res.writeHead(503).end(`${(error as Error).message}\n`)
  }
})
process.on('SIGTERM', () => process.exit(0))
server.listen(Number(PORT), () => console.log('items: listening'))

async function add(item: string): Promise<void> {
  if (ITEMS_REDIS) await redis(['RPUSH', 'items', item])
  else await postgres(`CREATE TABLE IF NOT EXISTS item (id serial, item text); INSERT INTO item (item) VALUES ('${item.replaceAll("'", "''")}')`) // prettier-ignore
}

async function all(): Promise<string[]> {
  if (ITEMS_REDIS) return redis(['LRANGE', 'items', '0', '-1'])
  const there = await postgres("SELECT to_regclass('item') IS NOT NULL")
  return there[0] === 't' ? postgres('SELECT item FROM item ORDER BY id') : []
}

/** https://redis.io/docs/latest/develop/reference/protocol-spec/ */
async function redis(command: string[]): Promise<string[]> {
  const commands = [...(REDIS_PASSWORD ? [['AUTH', REDIS_PASSWORD]] : []), command]
  return asking({ host: ITEMS_REDIS, port: 6379 }, async (socket, read) => {
    for (const words of commands)
      socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
    let answer: string[] = []
    for (let i = 0; i < commands.length; i++) answer = await redisAnswer(read)
    return answer
  })
}

async function redisAnswer(read: Read): Promise<string[]> {
  let line = ''
  while (!line.endsWith('\r\n')) line += (await read(1)).toString()
  const [kind, rest] = [line[0], line.slice(1, -2)]
  if (kind === '-') throw new Error(rest)
  if (kind === '$') return [(await read(Number(rest) + 2)).subarray(0, -2).toString()]
  if (kind !== '*') return [rest]
  const items: string[] = []
  for (let i = 0; i < Number(rest); i++) items.push(...(await redisAnswer(read)))
  return items
}

/** The first column of each row. https://www.postgresql.org/docs/15/protocol-message-formats.html */
async function postgres(query: string): Promise<string[]> {
  return asking({ host: ITEMS_POSTGRES, port: 5432 }, async (socket, read) => {
    const send = (kind: string, body: Buffer) =>
      socket.write(Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]))
    const words = Buffer.from('user\0postgres\0database\0postgres\0\0')
    socket.write(Buffer.concat([int32(words.length + 8), int32(196_608), words]))
    const rows: string[] = []
    for (let isAsked = false; ;) {
      const head = await read(5)
      const body = await read(head.readInt32BE(1) - 4)
      const kind = head.subarray(0, 1).toString()
      if (kind === 'E')
        throw new Error(
          body
            .toString()
            .split('\0')
            .find((part) => part.startsWith('M')) ?? 'an error',
        )
      if (kind === 'R' && body.readInt32BE(0) === 3) send('p', Buffer.from(`${POSTGRES_PASSWORD}\0`))
      if (kind === 'D') rows.push(body.subarray(6, 6 + body.readInt32BE(2)).toString())
      if (kind !== 'Z') continue
      if (isAsked) return rows
      isAsked = true
      send('Q', Buffer.from(`${query}\0`))
    }
  })
}

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(number)
  return bytes
}

type Read = (count: number) => Promise<Buffer>

/** A connection for each question: the database may have been started anew. */
async function asking<T>(
  to: { host?: string; port: number },
  ask: (socket: net.Socket, read: Read) => Promise<T>,
): Promise<T> {
  const socket = net.connect({ ...to, timeout: ANSWER_MS })
  socket.on('timeout', () => socket.destroy(new Error('the database does not answer')))
  try {
    await once(socket, 'connect')
    let buffered = Buffer.alloc(0)
    const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
    const read: Read = async (count) => {
      while (buffered.length < count) {
        const { value } = await pieces.next()
        if (!value) throw new Error('the database has closed the connection')
        buffered = Buffer.concat([buffered, value])
      }
      const found = buffered.subarray(0, count)
      buffered = buffered.subarray(count)
      return found
    }
    return await ask(socket, read)
  } finally {
    socket.destroy()
  }
}
