/** What an application speaks on its port that gives no answer to plain HTTP: TLS, or HTTP/2 alone. */
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'

export type AppProtocol = 'tls' | 'http2'

/** A handshake that takes longer is tried again. */
const PATIENCE_MS = 1_000

/** Tries both, which takes a second at most. @returns undefined for neither */
export async function protocolAt(
  place: Pick<HostPort, 'host' | 'port'>,
  host: string,
): Promise<AppProtocol | undefined> {
  const [isTls, isHttp2] = await Promise.all([speaksTls(place, host), speaksHttp2(place)])
  return isTls ? 'tls' : isHttp2 ? 'http2' : undefined
}

/** @param host the public Host header, of which the server may want to know the name */
export function speaksTls({ host: address, port }: Pick<HostPort, 'host' | 'port'>, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const name = new URL(`http://${host}`).hostname
    // Whose certificate it has is no question here, and nothing is sent.
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
    // An alert is TLS too: it may want a certificate of ours, or another name.
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
