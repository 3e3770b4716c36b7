/** For tests: a server that speaks as Lotan does of sessions, whose commands run on this machine. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { readClientMessage, streams, SUBPROTOCOL, type ClientMessage, type ServerMessage } from '../../../shared/shell/frames.ts' // prettier-ignore
import type { Api } from '../api.ts'

export interface Visit {
  path: string
  query: URLSearchParams
  socket: WebSocket
  heard: ClientMessage[]
  say(message: ServerMessage): void
  send(stream: number, piece: Buffer | string): void
  bytes: (piece: Buffer) => void
  told: (message: ClientMessage) => void
}

export type FarEnd = Awaited<ReturnType<typeof openFarEnd>>

/** @param port 0: any */
export async function openFarEnd(port = 0) {
  const tickets = new Set<string>()
  const visits: Visit[] = []
  const far = {
    api: { base: '', connect: null, token: 'the-token-of-these-tests' } as Api,
    visits,
    /** What becomes of one that has come. */
    meet: (visit: Visit): void => void runHere(visit),
    /** Of the API: what else is answered. */
    answer: (_req: http.IncomingMessage, res: http.ServerResponse): void => void res.writeHead(404).end(),
    async close() {
      for (const { socket } of visits) socket.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const server = http.createServer((req, res) => {
    if (req.method !== 'POST' || !req.url!.endsWith('/tickets')) return far.answer(req, res)
    const ticket = `ticket-${tickets.size}-${visits.length}-${Math.random()}`
    tickets.add(ticket)
    res.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify({ ticket, until: '' }))
  })
  const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL })
  server.on('upgrade', (req, socket, head) => {
    const { pathname, searchParams } = new URL(req.url!, 'http://here')
    if (!tickets.delete(searchParams.get('ticket') ?? '')) {
      const body = JSON.stringify({ title: 'x', status: 401, detail: 'This ticket is none.' })
      return void socket.end(`HTTP/1.1 401 x\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`) // prettier-ignore
    }
    upgrades.handleUpgrade(req, socket, head, (made) => {
      const visit: Visit = {
        path: pathname,
        query: searchParams,
        socket: made,
        heard: [],
        say: (message) => made.send(JSON.stringify(message)),
        send: (stream, piece) => made.send(Buffer.concat([Buffer.of(stream), Buffer.from(piece)])),
        bytes: () => {},
        told: () => {},
      }
      made.on('message', (data: Buffer, isBinary) => {
        if (isBinary) return visit.bytes(data.subarray(1))
        const message = readClientMessage(data.toString())!
        visit.heard.push(message)
        visit.told(message)
      })
      visits.push(visit)
      far.meet(visit)
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  far.api.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return far
}

/** Its command, on this machine. */
export function runHere(visit: Visit): ChildProcess {
  const [program = 'sh', ...args] = visit.query.getAll('cmd')
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  visit.bytes = (piece) => void child.stdin.write(piece)
  visit.told = (message) => {
    if (message.type === 'eof') child.stdin.end()
    if (message.type === 'signal') child.kill(`SIG${message.name}` as NodeJS.Signals)
  }
  child.stdin.on('error', () => {})
  child.stdout.on('data', (piece: Buffer) => visit.send(streams.output, piece))
  child.stderr.on('data', (piece: Buffer) => visit.send(streams.errors, piece))
  visit.say({ type: 'open', session: 's', resume: null })
  visit.socket.on('close', () => child.kill('SIGKILL'))
  child.on('close', (code, signal) => {
    visit.say({ type: 'end', end: { why: 'exited', code: code ?? (signal === 'SIGINT' ? 130 : 137) } })
    visit.socket.close()
  })
  return child
}
