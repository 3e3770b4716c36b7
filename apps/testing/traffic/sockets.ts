/** Connections that stay open: WebSockets, and an idle kept connection. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { vanish } from '../clients/vanish.ts'
import { again, begin, type Scene, type Traffic } from './account.ts'

const PING_MS = 500

export async function pingedWebSocket(scene: Scene): Promise<Traffic> {
  return webSocket(scene, undefined, '/?ping=1000')
}

export async function webSocket(scene: Scene, talk?: (socket: WebSocket) => void, path = '/'): Promise<Traffic> {
  const { used, signal, lasting } = begin()
  const { socket } = await openSocket(scene, path)
  used()
  for (const event of ['message', 'ping', 'pong']) socket.on(event, used)
  signal.addEventListener('abort', () => socket.terminate())
  return lasting(async () => {
    const closed = once(socket, 'close')
    if (talk) void again(1_000, async () => talk(socket), signal).catch(() => {})
    await closed
    return 'the WebSocket was closed'
  })
}

/** The client vanishes early, and the application pings on for longer than a timeout: its pings never arrive. */
export async function abandonedWebSocket(scene: Scene): Promise<Traffic> {
  const pings = Math.ceil((1.5 * scene.timeout) / PING_MS)
  const { socket, port } = await openSocket(scene, `/?ping=${PING_MS}&pings=${pings}`)
  const lastPing = Date.now() + (pings - 1) * PING_MS
  await sleep(4 * PING_MS)
  await vanish(port, scene.lotan.port)
  return { lastUse: () => lastPing, wrong: () => [], end: async () => socket.terminate() }
}

export async function keptConnection({ lotan, tag }: Scene): Promise<Traffic> {
  const { used, signal, lasting } = begin()
  const socket = net.connect(lotan.port, '127.0.0.1')
  signal.addEventListener('abort', () => socket.destroy())
  socket.write(`GET /plain HTTP/1.1\r\nHost: ${lotan.host(tag)}\r\n\r\n`)
  await once(socket, 'data')
  used()
  return lasting(async () => {
    await once(socket, 'close')
    return 'the connection was closed'
  })
}

async function openSocket({ lotan, tag }: Scene, path: string): Promise<{ socket: WebSocket; port: number }> {
  const socket = new WebSocket(`ws://127.0.0.1:${lotan.port}${path}`, { headers: { Host: lotan.host(tag) } })
  let port = 0
  socket.on('upgrade', (response) => (port = response.socket.localPort!))
  await once(socket, 'open')
  socket.on('error', () => {})
  return { socket, port }
}
