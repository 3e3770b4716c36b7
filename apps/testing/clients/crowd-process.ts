/** The program of `crowd.ts`. It ends with its parent. */
import net from 'node:net'
import type { Crowd, CrowdSeen } from './crowd.ts'

const TELL_MS = 100
/** Below the backlog of nginx's sockets: what is measured is not the kernel's second try. */
const CONNECTING = 200
/** The pause after a connection that brought nothing. */
const AGAIN_MS = 100

const crowd = JSON.parse(process.argv[2]!) as Crowd
const { port, connections, says = '', goesOn, floods = false, reads } = crowd
const seen: CrowdSeen = { open: 0, most: 0, opened: 0, answers: {}, ended: {}, bytes: 0 }
const waiting: (() => void)[] = []
let connecting = 0

function open() {
  if (connecting >= CONNECTING) return void waiting.push(open)
  connecting++
  const text = says.replaceAll('{n}', String(seen.opened++))
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  const timers: NodeJS.Timeout[] = []
  let connected = false
  let answered = false
  let error: string | undefined
  const settle = () => {
    connecting--
    waiting.shift()?.()
  }
  socket.on('connect', () => {
    connected = true
    settle()
    seen.most = Math.max(seen.most, ++seen.open)
    if (text) socket.write(text)
    if (goesOn) timers.push(setInterval(() => socket.write(goesOn.text), goesOn.every))
    if (reads !== undefined) timers.push(setInterval(() => take(socket.read(reads) as Buffer | null), 1_000))
  })
  if (reads === undefined) socket.on('data', take)

  function take(bytes: Buffer | null) {
    if (!bytes) return
    seen.bytes += bytes.length
    const status = /^HTTP\/1\.1 (\d{3})/.exec(bytes.toString('latin1', 0, 12))?.[1]
    if (!status) return
    answered = true
    count(seen.answers, status)
    if (floods) socket.write(text)
  }

  socket.on('error', ({ code }: NodeJS.ErrnoException) => (error = code))
  socket.on('close', () => {
    if (connected) seen.open--
    else settle()
    timers.forEach(clearInterval)
    count(seen.ended, error ?? 'closed')
    setTimeout(open, answered ? 0 : AGAIN_MS)
  })
}

function count(counts: Record<string, number>, name: string) {
  counts[name] = (counts[name] ?? 0) + 1
}

for (let i = 0; i < connections; i++) open()
setInterval(() => process.send!(seen), TELL_MS)
process.on('disconnect', () => process.exit())
