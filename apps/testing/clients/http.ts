/** Requests to a loopback address with any Host: Node does not resolve *.localhost. */
import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { http } from '../../shared/http.ts'

/** The headers of a browser's navigation. */
export const asBrowser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

export interface Ask {
  host: string
  /** 127.0.0.1 by default. */
  address?: string
  path?: string
  method?: string
  headers?: OutgoingHttpHeaders | readonly string[]
  body?: string | Buffer | Readable
  agent?: Agent
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  rawHeaders: string[]
  body: Buffer
  text: string
  /** Milliseconds until the response's head. */
  head: number
}

/** Reads only the response's head. */
export async function open(port: number, ask: Ask): Promise<IncomingMessage> {
  const { host, address = '127.0.0.1', path = '/', method = 'GET', headers = {}, body, agent, signal } = ask
  const raw = Array.isArray(headers)
  const request = http.request({
    host: address,
    port,
    path,
    method,
    agent: agent ?? false,
    signal,
    setHost: false,
    headers: raw ? ['Host', host, ...(headers as string[])] : { Host: host, ...(headers as OutgoingHttpHeaders) },
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
    request.on('upgrade', () => reject(new Error('an upgrade nobody asked for')))
  })
  if (body instanceof Readable) pipeline(body, request).catch(() => request.destroy())
  else request.end(body)
  return answered
}

/** @throws when the connection ends before the response does */
export async function request(port: number, ask: Ask): Promise<Answer> {
  const began = performance.now()
  const response = await open(port, ask)
  const head = performance.now() - began
  const pieces: Buffer[] = []
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece)
  const body = Buffer.concat(pieces)
  const { statusCode: status = 0, headers, rawHeaders } = response
  return { status, headers, rawHeaders, body, text: body.toString(), head }
}
