/** A client of the shell part's server, as tests speak it: at its socket, as nginx brings it. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket, type ClientOptions } from 'ws'
import type { App } from '../../shared/app.ts'
import { hashOf, makeSecret } from '../../shared/secret.ts'
import { SUBPROTOCOL, streams, type ClientMessage, type ServerMessage } from '../../shared/shell/frames.ts'

export const domain = 'previews.example.com'

export function giveTicket({ store }: Pick<App, 'store'>, preview: string, who = 'anna'): string {
  const secret = makeSecret()
  store.tickets.give({ key: hashOf(secret), preview, who, address: '192.0.2.1', created: Date.now() })
  return secret
}

/** @param path with its query */
export function connect(socketFile: string, path: string, more: ClientOptions = {}, protocols = [SUBPROTOCOL]) {
  const headers = { Host: domain, 'X-Real-IP': '192.0.2.7', 'X-Forwarded-Proto': 'http', ...more.headers }
  return new WebSocket(`ws+unix:${socketFile}:${path}`, protocols, { ...more, headers })
}

/** @returns the status and the kind of problem that it is refused with */
export async function refusalOf(socket: WebSocket): Promise<[status: number, problem: string]> {
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  const { type } = JSON.parse(await text(answer)) as { type: string }
  return [answer.statusCode!, type.replace(/.*\//, '')]
}

export type Client = ReturnType<typeof clientOf>

export function clientOf(socket: WebSocket) {
  const told: ServerMessage[] = []
  const parts: Record<number, Buffer[]> = { [streams.output]: [], [streams.errors]: [] }
  const closed = new Promise<number>((resolve) => socket.once('close', (code: number) => resolve(code)))
  socket.on('error', () => {})
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) parts[data[0]!]!.push(data.subarray(1))
    else told.push(JSON.parse(data.toString()) as ServerMessage)
  })
  const all = (stream: number) => Buffer.concat(parts[stream]!)
  return {
    socket,
    told,
    closed,
    found: <T extends ServerMessage['type']>(type: T) =>
      told.find((one): one is Extract<ServerMessage, { type: T }> => one.type === type),
    output: () => all(streams.output),
    errors: () => all(streams.errors),
    write(bytes: Buffer | string) {
      socket.send(Buffer.concat([Buffer.from([streams.input]), Buffer.from(bytes)]))
    },
    say: (message: ClientMessage) => socket.send(JSON.stringify(message)),
  }
}
