/**
 * Calls of a forge's API over HTTP: one try, one deadline, no wait. What goes wrong is a ForgeError; when to try again is
 * the caller's to say.
 */
import { ForgeError, type ForgeErrorCode } from './forge.ts'

/** Milliseconds, from the call to the last byte of its answer. */
const DEADLINE = 10_000
/** Bytes. The largest are GitLab's comparisons, which have the differences in them. */
const LARGEST_ANSWER = 32 * 1_024 * 1_024
/** 5 000 pull requests, or comments on one: a list that is still longer does not end. */
const MOST_PAGES = 100
/** Milliseconds, where a forge does not tell how long it wants to be left alone, and at most, whatever it tells. */
const STANDARD_WAIT = 60_000
const LONGEST_WAIT = 3_600_000

export interface JsonApiOptions {
  /** Its address, such as `https://gitlab.com/api/v4`. */
  api: string
  token: string
  /** What stands before it in the header `Authorization`. */
  scheme: 'Bearer' | 'token'
  /** Milliseconds, for tests. */
  deadline?: number
}

export type Query = Record<string, string | number | boolean | readonly string[]>

interface Asked {
  query?: Query
  body?: unknown
}

interface Answer {
  body: unknown
  hasNextPage: boolean
}

export type JsonApi = ReturnType<typeof openJsonApi>

export function openJsonApi({ api, token, scheme, deadline = DEADLINE }: JsonApiOptions) {
  async function answerOf(method: string, path: string, { query, body }: Asked): Promise<Answer> {
    const what = `${method} ${path}`
    try {
      const response = await fetch(addressOf(api, path, query), {
        method,
        headers: {
          authorization: `${scheme} ${token}`,
          accept: 'application/json',
          ...(body !== undefined && JSON_BODY),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        // A repository that has another name now: reading would work, and writing not.
        redirect: 'manual',
        signal: AbortSignal.timeout(deadline),
      })
      const text = await textOf(response)
      if (!response.ok) throw refusalOf(what, response, wordsOf(text, token))
      return {
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        hasNextPage: /;\s*rel="?next"?/i.test(response.headers.get('link') ?? ''),
      }
    } catch (error) {
      if (error instanceof ForgeError) throw error
      throw new ForgeError('down', `${what}: ${failureOf(error, deadline)}`)
    }
  }

  async function call(method: string, path: string, asked: Asked = {}): Promise<unknown> {
    return (await answerOf(method, path, asked)).body
  }

  return {
    get: (path: string, query?: Query) => call('GET', path, { query }),
    post: (path: string, body?: unknown) => call('POST', path, { body }),
    put: (path: string, body: unknown) => call('PUT', path, { body }),
    patch: (path: string, body: unknown) => call('PATCH', path, { body }),
    delete: (path: string) => call('DELETE', path),

    /** All items of all pages, one page at a time. A list that is not divided into pages is one. */
    async *list(path: string, query: Query = {}): AsyncGenerator<unknown, void> {
      for (let page = 1; page <= MOST_PAGES; page++) {
        const { body, hasNextPage } = await answerOf('GET', path, { query: page === 1 ? query : { ...query, page } })
        if (!Array.isArray(body)) throw new ForgeError('down', `GET ${path}: the answer is no list`)
        yield* body as unknown[]
        if (!hasNextPage) return
      }
      throw new ForgeError('down', `GET ${path}: the list does not end after ${MOST_PAGES} pages`)
    },
  }
}

const JSON_BODY = { 'content-type': 'application/json' }

function addressOf(api: string, path: string, query: Query = {}): URL {
  const address = new URL(`${api.replace(/\/+$/, '')}/${path}`)
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? (value as string[]) : [value])
      address.searchParams.append(name, String(one))
  return address
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > LARGEST_ANSWER) throw new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refusalOf(what: string, { status, headers }: Response, words: string): ForgeError {
  const isMoved = status >= 300 && status < 400
  const message = `${what}: ${status} ${isMoved ? 'it has moved' : words}`.trim()
  // A proxy in front of a forge may say 403 where it means 429.
  const isLimit = status === 429 || (status === 403 && headers.has('retry-after'))
  if (isLimit) return new ForgeError('limited', message, { retryAt: retryTime(headers, Date.now()) })
  return new ForgeError(codeOf(status), message)
}

function codeOf(status: number): ForgeErrorCode {
  if (status === 401 || status === 403) return 'refused'
  if (status === 404 || status === 410 || status < 400) return 'missing'
  // 409: GitLab is writing the same thing for another one.
  if (status >= 500 || status === 408 || status === 409) return 'down'
  return 'rejected'
}

/** `Retry-After` is seconds or a date (RFC 9110, section 10.2.3); GitLab's `RateLimit-Reset` is seconds since 1970. */
function retryTime(headers: Headers, now: number): number {
  const after = headers.get('retry-after') ?? ''
  const reset = headers.get('ratelimit-reset') ?? ''
  const told = /^\d+$/.test(after)
    ? now + Number(after) * 1_000
    : after !== ''
      ? Date.parse(after)
      : /^\d+$/.test(reset)
        ? Number(reset) * 1_000
        : NaN
  const wait = Number.isNaN(told) ? STANDARD_WAIT : told - now
  return now + Math.min(Math.max(wait, 1_000), LONGEST_WAIT)
}

/** What the forge says of it, on one short line. It ends in the log, and a forge may repeat what it was sent. */
function wordsOf(text: string, token: string): string {
  let words: unknown
  try {
    const said = JSON.parse(text) as { message?: unknown; error?: unknown } | null
    words = said?.message ?? said?.error
  } catch {
    return ''
  }
  if (words === undefined) return ''
  const all = typeof words === 'string' ? words : JSON.stringify(words)
  return all
    .replaceAll(token, '…')
    .replace(/[\s\u0000-\u001f\u007f]+/g, ' ')
    .slice(0, 200)
}

function failureOf(error: unknown, deadline: number): string {
  // Its own message has a part of the answer in it.
  if (error instanceof SyntaxError) return 'the answer is no JSON: is LOTAN_FORGE_API the address of its API?'
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${deadline / 1_000} s`
  const cause = error.cause instanceof Error ? error.cause : error
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
