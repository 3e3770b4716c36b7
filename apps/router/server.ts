/** The router's HTTP servers, which nginx alone talks to. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Express } from 'express'
import { http } from '../shared/http.ts'
import { problemOf } from '../shared/api/problem.ts'
import type { Config } from '../shared/config/config.ts'

type Site = Pick<Config, 'domain' | 'publicUrl'>

/** Larger than nginx's own buffers, so that nginx is the one that refuses, with a page. */
const maxHeaderSize = 1024 * 1024

export function adminServer(express: Express, site: Site): Server {
  const refuse = (error: NodeJS.ErrnoException, socket: Socket) => refuseUnread(error, socket, site)
  return kept(http.createServer({ maxHeaderSize }, express)).on('clientError', refuse)
}

/**
 * Lenient: nginx passes on visitors' headers with control characters in them, which would be answered with 400, and
 * nginx takes that for a router that is down. Where a request ends is nginx's word, so nothing can be smuggled.
 */
export function gatewayServer(express: Express): Server {
  return kept(http.createServer({ maxHeaderSize, insecureHTTPParser: true }, express))
}

/** nginx keeps its connections alive: the router must never close one that nginx is about to use. */
function kept(server: Server): Server {
  return Object.assign(server, { keepAliveTimeout: 0, requestTimeout: 0 })
}

/** Node's parser takes no byte above 0x7f in a path, which `curl HOST/café` sends: without this its answer is empty. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket, site: Site) {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const name = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'unreadable'
  const problem = problemOf(site, name, 'The request cannot be read: its path or a header is not well formed.')
  const { status } = problem
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
