/** One call of the API: its JSON, or a Failure whose line says what to do. */
import { text } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import type { Problem } from '../../shared/api/problem.ts'
import { NAMELESS, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { filterSettingOf } from '../../shared/repository.ts'
import { addressOf, open, whyOf, type Api } from './api.ts'
import { exit, Failure } from './command.ts'
import { nameOf } from './preview-name.ts'

const ANSWER_MS = 30_000

export interface Called {
  status: number
  json: unknown
  /** Below /api/v1: the next page of a list. */
  next: string | undefined
}

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: object
}

/** @param path below /api/v1 @throws Failure for every answer that is none of 2xx */
export async function call(api: Api, path: string, { method = 'GET', body }: Call = {}): Promise<Called> {
  const signal = AbortSignal.timeout(ANSWER_MS)
  let answer: IncomingMessage
  let said: string
  try {
    answer = await open(api, path, { method, body, accept: 'application/json', signal })
    said = await text(answer)
  } catch (error) {
    throw away(api, signal.aborted ? `no answer in ${ANSWER_MS / 1_000} s` : whyOf(error))
  }
  const status = answer.statusCode ?? 0
  const json = parsed(said)
  if (status === 204 || (status >= 200 && status < 300 && json !== undefined))
    return { status, json, next: nextOf(answer.headers.link, api) }
  throw failureOf(status, json as Partial<Problem> | undefined, api, answer.headers.location)
}

/** All pages of a list. @param isRow what each is checked for @throws Failure */
export async function list<Row>(api: Api, path: string, isRow: (row: unknown) => row is Row): Promise<Row[]> {
  const rows: Row[] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const called: Called = await call(api, next)
    if (!Array.isArray(called.json) || !called.json.every(isRow)) throw strange(api, 'something else than a list')
    rows.push(...called.json)
    next = called.next
  }
  return rows
}

export function away(api: Api, why: string): Failure {
  const where = `no Lotan answers at ${api.base} (${addressOf(api)}): ${why}`
  return new Failure(exit.away, `${where}; start it with npm start, or set LOTAN_API and LOTAN_ADMIN_TOKEN`)
}

export function strange(api: Api, what: string): Failure {
  const line = `${api.base} answers ${what}, which is not what Lotan says: set LOTAN_API to the address of the admin page`
  return new Failure(exit.away, line)
}

/** @param sent the answer's JSON, which a proxy may have sent */
export function failureOf(status: number, sent: Partial<Problem> | undefined, api: Api, location?: string): Failure {
  if (status === 401)
    return new Failure(
      exit.token,
      `the Lotan at ${api.base} does not accept this token: set LOTAN_ADMIN_TOKEN to its own, or to one that lotan token add made there`,
    )
  const isProblem = typeof sent === 'object' && sent !== null && typeof sent.detail === 'string'
  if (!isProblem) return strange(api, location ? `${status} and leads to ${location}` : String(status))
  const site = siteNamedBy(sent)
  if (site !== undefined)
    return new Failure(exit.away, `the Lotan at ${api.base} goes by the name of the host: set LOTAN_API to ${site}`)
  const { repository, tag } = sent
  const id = typeof tag === 'string' ? nameOf({ repository, tag }) : undefined
  const line = `${id === undefined || sent.detail!.includes(id) ? '' : `${id}: `}${sent.detail}`
  const advice = typeof sent.advice === 'string' ? ` ${sent.advice}` : ''
  return new Failure(statusFor(status, id, sent.type), `${line}${adviceFor(status, sent, id)}${advice}`)
}

/** An IP address, for one, is no host that has an API. Where the API is, stands in the problem's type. */
function siteNamedBy({ type }: Partial<Problem>): string | undefined {
  const url = typeof type === 'string' ? URL.parse(type) : null
  return url && /^\/problems\/(no-tag|wrong-host)$/.test(url.pathname) ? url.origin : undefined
}

function statusFor(status: number, id: PreviewId | undefined, type?: unknown): number {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return exit.usage
    case 403:
      return id === undefined ? exit.token : exit.notOffered
    case 404:
    case 410:
      return exit.missing
    case 409:
      // A file that may not be read or written stays so.
      return id === undefined || String(type).endsWith('/file-refused') ? exit.usage : exit.stopped
    case 502:
      return exit.failed
    case 504:
      return exit.late
    default:
      return exit.unexpected
  }
}

function adviceFor(status: number, sent: Partial<Problem>, id: PreviewId | undefined): string {
  if (isNoRepository(sent)) return ` ${repositoryAdvice}`
  if (status === 403) return id === undefined ? '' : filterAdvice(splitId(id).repository)
  return status === 404 && sent.state === 'unknown'
    ? ` lotan list shows those that there are; lotan add ${id} adds it.`
    : ''
}

export const repositoryAdvice =
  'lotan repositories lists those that there are; a preview of one is written as api/pr-7.'

/** @param sent the answer's JSON, which a proxy may have sent */
export function isNoRepository({ type }: Partial<Record<'type', unknown>>): boolean {
  return typeof type === 'string' && type.endsWith('/problems/no-such-repository')
}

function filterAdvice(repository: string): string {
  const option = repository === NAMELESS ? '' : ` --repository ${repository}`
  return ` Choose a tag that lotan tags${option} lists, or have ${filterSettingOf(repository)} changed where Lotan runs.`
}

/** Never leads to another server than the one that was asked. */
function nextOf(link: string | string[] | undefined, api: Api): string | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(String(link ?? '')) ?? []
  if (target === undefined) return undefined
  const url = URL.parse(target, `${api.base}/api/v1/`)
  return url?.pathname.startsWith('/api/v1/') ? url.pathname.slice('/api/v1'.length) + url.search : undefined
}

function parsed(said: string): unknown {
  try {
    return JSON.parse(said)
  } catch {
    return undefined
  }
}
