/** Takes connections: so many, and each has to say soon who it is. */
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type Connection } from 'ssh2'
import { authenticate } from './authenticate.ts'
import type { HostKey } from './host-key.ts'
import type { Client } from './client.ts'
import type { WatchedKeys } from './keys/watch-keys.ts'
import { networkOf, type WrongKeys } from './wrong-keys.ts'

export interface Waits {
  /** In which a connection has to say who it is. Milliseconds, as all of these. */
  known: number
  /** Between two questions whether a silent client is still there. */
  keepalive: number
}

export const usualWaits: Waits = { known: 20_000, keepalive: 30_000 }

const MOST_CONNECTIONS = 500
const MOST_UNKNOWN = 200
/** Of one network. */
const MOST_UNKNOWN_OF_ONE = 100
/** A client that is silent for so many questions has vanished. */
const MOST_UNANSWERED = 4
/** In which clients are told that Lotan ends. */
const TOLD_WITHIN_MS = 400
const LEFT_WITHIN_MS = 200
/** What a connection that ends may still take to read its end. */
const END_WITHIN_MS = 2_000

/** @param serve called for each connection once it is known whose it is */
export function openServer(
  hostKey: HostKey,
  keys: WatchedKeys,
  wrongKeys: WrongKeys,
  serve: (connection: Connection, client: Client) => void,
  waits = usualWaits,
) {
  const sockets = new Map<string, net.Socket>()
  const unknown = new Map<net.Socket, string>()
  const clients = new Set<{ client: Client; end: () => void }>()

  const protocol = new ssh2.Server({
    hostKeys: [hostKey.private],
    ident: 'Lotan',
    keepaliveInterval: waits.keepalive,
    keepaliveCountMax: MOST_UNANSWERED,
    algorithms: {
      compress: ['none'],
      hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
    },
  })
  protocol.on('connection', (connection, { ip, port }) => {
    const socket = sockets.get(nameOf(ip, port))
    if (socket) take(connection, socket, ip)
  })

  const server = net.createServer({ noDelay: true }, (socket) => {
    // Who reads is told by `close`.
    socket.on('error', () => {})
    const { remoteAddress: address, remotePort: port } = socket
    if (address === undefined || port === undefined) return void socket.destroy()
    const network = networkOf(address)
    const ofOne = [...unknown.values()].filter((other) => other === network).length
    const isFull = sockets.size >= MOST_CONNECTIONS || unknown.size >= MOST_UNKNOWN || ofOne >= MOST_UNKNOWN_OF_ONE
    if (isFull) return void socket.destroy()
    const name = nameOf(address, port)
    sockets.set(name, socket)
    unknown.set(socket, network)
    const timer = setTimeout(() => socket.destroy(), waits.known)
    socket.once('close', () => {
      clearTimeout(timer)
      sockets.delete(name)
      unknown.delete(socket)
    })
    socket.once('known', () => {
      clearTimeout(timer)
      unknown.delete(socket)
    })
    protocol.injectSocket(socket)
  })

  function take(connection: Connection, socket: net.Socket, address: string) {
    const left = new AbortController()
    const end = () => {
      connection.end()
      setTimeout(() => socket.destroy(), END_WITHIN_MS).unref()
    }
    // A client that has vanished reads nothing more.
    connection.on('error', (error) => ('level' in error && error.level === 'client-timeout' ? socket.destroy() : end()))
    socket.once('close', () => left.abort())
    const known = ({ key, user }: Pick<Client, 'key' | 'user'>) => {
      socket.emit('known')
      const client: Client = {
        key,
        user,
        actor: { who: key.who, address },
        socket,
        left: left.signal,
        served: new Set(),
      }
      const one = { client, end }
      clients.add(one)
      left.signal.addEventListener('abort', () => clients.delete(one), { once: true })
      serve(connection, client)
    }
    authenticate(connection, address, { keys, wrongKeys }, known, end)
  }

  // A key that may not come any more, or not for this, ends what it has begun.
  keys.onChange(() => {
    for (const { client, end } of clients) if (keys.find(client.key.blob) === undefined) end()
  })

  return {
    server,
    /** Once clients have been told how their sessions ended, which has begun before. */
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of unknown.keys()) socket.destroy()
      const told = Promise.allSettled([...clients].flatMap(({ client }) => [...client.served]))
      await Promise.race([told, sleep(TOLD_WITHIN_MS)])
      // A client whose last session has ended leaves. Cut before, it may not have written what it was told.
      for (const until = Date.now() + LEFT_WITHIN_MS; clients.size > 0 && Date.now() < until;) await sleep(10)
      for (const { end } of clients) end()
      await closed
    },
  }
}

function nameOf(address: string, port: number): string {
  return `${address} ${port}`
}
