/**
 * The server at shell.sock: nginx brings WebSockets (nginx/locations/sessions), the router files, and the supervisor asks
 * whether it works.
 */
import fs from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { problemOf } from '../../shared/api/problem.ts'
import { http } from '../../shared/http.ts'
import { SUBPROTOCOL } from '../../shared/shell/frames.ts'
import type { ShellContext } from '../context.ts'
import { serveFiles } from '../files/http.ts'
import { admit, Refused, type Admitted } from './admit.ts'
import { openService, type Lasts } from './serve.ts'

/** As large as nginx's buffers, and more: nginx is the one that refuses. */
const maxHeaderSize = 1024 * 1024
/** Bytes, and one that says of which stream. */
const MOST_IN_ONE_MESSAGE = 1024 * 1024 + 1
const CLOSE_MS = 500

export interface ShellServer {
  server: Server
  /** Waits a moment for those whose session has ended: they are told so. */
  close: () => Promise<void>
}

export async function openServer(context: ShellContext, socketFile: string, lasts: Lasts = {}): Promise<ShellServer> {
  const { serve } = openService(context, lasts)
  // nginx and the router keep connections alive, and files take as long as they take.
  const server = Object.assign(http.createServer({ maxHeaderSize }, answer), { keepAliveTimeout: 0, requestTimeout: 0 })
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_IN_ONE_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    try {
      const admitted = admitUpgrade(req)
      sockets.handleUpgrade(req, socket, head, (webSocket) => void serve(webSocket, admitted))
    } catch (error) {
      socket.end(textOf(...refusal(error)))
    }
  })

  function answer(req: IncomingMessage, res: ServerResponse): void {
    if (req.url === '/') return void res.writeHead(works() ? 204 : 503).end()
    // nginx passes nothing on that begins so: this is the router's.
    if (req.url?.startsWith('/files?')) return void serveFiles(req, res, context)
    const [status, headers, body] = refusal(new Refused('upgrade-needed', 'This address is for WebSockets.'))
    res.writeHead(status, headers).end(body)
  }

  function works(): boolean {
    try {
      context.store.version()
      return true
    } catch {
      return false
    }
  }

  /** @throws Refused */
  function admitUpgrade({ url = '', headers }: IncomingMessage): Admitted {
    const named = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (!named.includes(SUBPROTOCOL)) throw new Refused('upgrade-needed', `Ask for the subprotocol ${SUBPROTOCOL}.`)
    return admit(url, headers, context)
  }

  function refusal(error: unknown): [status: number, headers: Record<string, string>, body: string] {
    if (!(error instanceof Refused)) context.log.error({ error }, 'a session failed')
    const { problem, message } = error instanceof Refused ? error : new Refused('internal-error', 'The log has more.')
    const told = problemOf(context.config, problem, message)
    const body = JSON.stringify(told)
    const headers: Record<string, string> = {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    }
    if (problem === 'upgrade-needed') headers.Upgrade = 'websocket'
    return [told.status, headers, body]
  }

  fs.rmSync(socketFile, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // nginx's workers are another user: only they and this one may enter the directory.
    server.listen({ path: socketFile, writableAll: true }, resolve)
  })
  return {
    server,
    async close() {
      server.close()
      server.closeAllConnections()
      for (const until = Date.now() + CLOSE_MS; sockets.clients.size > 0 && Date.now() < until;) await sleep(10)
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

function textOf(status: number, headers: Record<string, string>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`, ...lines, '', body].join('\r\n')
}
