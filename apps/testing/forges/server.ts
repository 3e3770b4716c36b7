/** The HTTP side of a stand-in forge: what was asked, what is written, and all that can be wrong with a server. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http } from '../../shared/http.ts'
import type { AskedOf } from './forge.ts'
import type { Trouble } from './troubles.ts'

export interface Asked {
  method: string
  /** Without the query, as it was sent: still encoded. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  /** The JSON sent, or its text where it is none; undefined without a body. */
  body: unknown
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  /** Sent as JSON; undefined: none. */
  body?: unknown
}

/** One forge's own words. */
export interface Dialect {
  answer: (asked: Asked) => Answer
  refusal: (trouble: Extract<Trouble, { is: 'limited' | 'secondary' | 'spent' | 'broken' }>) => Answer
}

/** @param violations is told what went wrong in the stand-in itself */
export async function openServer({ answer, refusal }: Dialect, violations: string[]) {
  const all: AskedOf[] = []
  const writes: AskedOf[] = []
  let trouble: Trouble | null = null
  const server = http.createServer((req, res) => {
    take(req, res).catch((error: unknown) => {
      violations.push(`the stand-in failed: ${(error as Error).stack}`)
      res.destroy()
    })
  })

  function troubleFor({ method, path }: Asked): Trouble | null {
    if (!trouble || trouble.only?.(method, path) === false) return null
    const met = trouble
    if (met.times !== undefined && --met.times <= 0) trouble = null
    return met
  }

  async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const asked = await askedOf(req)
    const met = troubleFor(asked)
    const noted = { method: asked.method, path: req.url ?? '/', body: asked.body, at: Date.now(), status: 0 }
    all.push(noted)
    if (asked.method !== 'GET' && asked.method !== 'HEAD') writes.push(noted)
    if (met?.is === 'silent') return
    const given = met && met.is !== 'lost' && met.is !== 'drips' ? refusal(met) : answer(asked)
    if (met?.is === 'lost') return void res.destroy()
    noted.status = given.status
    const text = given.body === undefined ? undefined : JSON.stringify(given.body)
    res.writeHead(given.status, {
      ...(text !== undefined && { 'Content-Type': 'application/json; charset=utf-8' }),
      ...given.headers,
    })
    if (met?.is === 'drips') return void res.write(text?.slice(0, 10) ?? '[')
    res.end(text)
  }

  async function listen(port: number): Promise<number> {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return (server.address() as AddressInfo).port
  }

  async function close(): Promise<void> {
    if (!server.listening) return
    const closed = once(server.close(), 'close')
    server.closeAllConnections()
    await closed
  }

  const port = await listen(0)
  return {
    origin: `http://127.0.0.1:${port}`,
    asked: all as readonly AskedOf[],
    writes: writes as readonly AskedOf[],
    trouble: (is: Trouble | null) => void (trouble = is && { ...is }),
    goAway: close,
    comeBack: async () => void (await listen(port)),
    stop: close,
  }
}

async function askedOf(req: IncomingMessage): Promise<Asked> {
  const url = new URL(`http://stand-in${req.url ?? '/'}`)
  const chunks: Buffer[] = []
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk)
  const { method = 'GET', headers } = req
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: bodyOf(Buffer.concat(chunks).toString()),
  }
}

function bodyOf(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/**
 * One page of a list, and where the next one is.
 * @param most whatever is asked for
 * @param sizeName how the forge calls the length of a page
 */
export function pageOf<T>(
  items: readonly T[],
  asked: Pick<Asked, 'query' | 'path'>,
  origin: string,
  most = 100,
  sizeName = 'per_page',
) {
  const number = Number(asked.query.get('page') ?? '1')
  const size = Math.min(Number(asked.query.get(sizeName) ?? '30'), most)
  const last = Math.max(Math.ceil(items.length / size), 1)
  const at = (page: number, rel: string) => {
    const query = new URLSearchParams([...asked.query].filter(([name]) => name !== 'page'))
    query.set('page', String(page))
    return `<${origin}${asked.path}?${query.toString()}>; rel="${rel}"`
  }
  const links = [
    ...(number > 1 ? [at(number - 1, 'prev')] : []),
    ...(number < last ? [at(number + 1, 'next'), at(last, 'last')] : []),
    ...(number > 1 ? [at(1, 'first')] : []),
  ]
  return {
    items: items.slice((number - 1) * size, number * size),
    number,
    size,
    headers: links.length === 0 ? undefined : { Link: links.join(', ') },
  }
}
