/** Finds out whether a port that gives no answer to plain HTTP speaks TLS, or HTTP/2 alone. */
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'

export type AppProtocol = 'tls' | 'http2'

const PATIENCE_MS = 1_000

export async function protocolAt(
  place: Pick<HostPort, 'host' | 'port'>,
  host: string,
): Promise<AppProtocol | undefined> {
  const [isTls, isHttp2] = await Promise.all([speaksTls(place, host), speaksHttp2(place)])
  return isTls ? 'tls' : isHttp2 ? 'http2' : undefined
}

export function speaksTls({ host: address, port }: Pick<HostPort, 'host' | 'port'>, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const name = new URL(`http://${host}`).hostname
    // The certificate is not checked, and nothing is sent.
    const socket = tls.connect({
      host: address,
      port,
      rejectUnauthorized: false,
      ...(net.isIP(name) ? {} : { servername: name }),
    })
    const end = (is: boolean) => {
      clearTimeout(late)
      resolve(is)
      socket.destroy()
    }
    const late = setTimeout(() => end(false), PATIENCE_MS)
    socket.on('secureConnect', () => end(true))
    // An alert is TLS too: the server may want a client certificate, or another name.
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => end(/^ERR_SSL_.*(ALERT|TLSV1)/.test(code)))
    socket.on('close', () => end(false))
  })
}

function speaksHttp2({ host, port }: Pick<HostPort, 'host' | 'port'>): Promise<boolean> {
  return new Promise((resolve) => {
    const session = http2.connect(`http://${host}:${port}`)
    const end = (is: boolean) => {
      clearTimeout(late)
      resolve(is)
      session.destroy()
    }
    const late = setTimeout(() => end(false), PATIENCE_MS)
    session.on('remoteSettings', () => end(true))
    session.on('error', () => end(false))
    session.on('close', () => end(false))
  })
}
