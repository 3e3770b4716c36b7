/** Finds out whether a port that gives no answer to plain HTTP speaks TLS, or HTTP/2 alone. */
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'

export type AppProtocol = 'tls' | 'http2'

const TIMEOUT_MS = 1_000

export async function protocolAt(
  hostPort: Pick<HostPort, 'host' | 'port'>,
  host: string,
): Promise<AppProtocol | undefined> {
  const [isTls, isHttp2] = await Promise.all([speaksTls(hostPort, host), speaksHttp2(hostPort)])
  return isTls ? 'tls' : isHttp2 ? 'http2' : undefined
}

export function speaksTls({ host: address, port }: Pick<HostPort, 'host' | 'port'>, host: string): Promise<boolean> {
  const name = new URL(`http://${host}`).hostname
  // The certificate is not checked, and nothing is sent.
  const socket = tls.connect({
    host: address,
    port,
    rejectUnauthorized: false,
    ...(net.isIP(name) ? {} : { servername: name }),
  })
  return handshake(socket, (done) => {
    socket.on('secureConnect', () => done(true))
    // An alert is TLS too: the server may want a client certificate, or another name.
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => done(/^ERR_SSL_.*(ALERT|TLSV1)/.test(code)))
    socket.on('close', () => done(false))
  })
}

function speaksHttp2({ host, port }: Pick<HostPort, 'host' | 'port'>): Promise<boolean> {
  const session = http2.connect(`http://${host}:${port}`)
  return handshake(session, (done) => {
    session.on('remoteSettings', () => done(true))
    session.on('error', () => done(false))
    session.on('close', () => done(false))
  })
}

function handshake(connection: { destroy(): void }, listen: (done: (succeeded: boolean) => void) => void) {
  return new Promise<boolean>((resolve) => {
    const done = (succeeded: boolean) => {
      clearTimeout(timer)
      resolve(succeeded)
      connection.destroy()
    }
    const timer = setTimeout(() => done(false), TIMEOUT_MS)
    listen(done)
  })
}
