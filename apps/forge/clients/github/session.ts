/** Asks GitHub: with the token, a deadline, and at the speed that GitHub lets. */
import { Octokit } from '@octokit/core'
import { ForgeError } from '../forge.ts'
import { isFields, listOf } from '../fields.ts'
import { openPace } from '../pace.ts'
import { errorOf, type Call, type Refusal } from './refusal.ts'

const DEADLINE_MS = 10_000
/** Of 100 each, and in so many deadlines all of them. */
const MOST_PAGES = 100
const MOST_DEADLINES = 6
/** GitHub lets 80 writes a minute (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api). */
const WRITES = { burst: 15, everyMs: 1_000, mostWaitMs: 3_000 }

export interface SessionOptions {
  api: string
  /** `owner/name` */
  repository: string
  token: string
  deadlineMs?: number
}

/** To be handed to Octokit, as they are. */
interface Given {
  owner: string
  repo: string
  request: { signal: AbortSignal }
}

type Answered = Promise<{ data: unknown; headers: Refusal['headers'] }>

export function openSession({ api, repository, token, deadlineMs = DEADLINE_MS }: SessionOptions) {
  const [owner = '', repo = ''] = repository.split('/')
  const quiet = () => {}
  const octokit = new Octokit({
    auth: token,
    baseUrl: api.replace(/\/+$/, ''),
    userAgent: 'lotan',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  })
  // The newest version is another one, some day.
  octokit.hook.before('request', ({ headers }) => void (headers['x-github-api-version'] = '2022-11-28'))
  const writeTurn = openPace(WRITES)
  /** A client that asks on while limited is limited for longer. */
  let rest: ForgeError | undefined

  /** @throws ForgeError */
  async function ask(call: Call, send: (octokit: Octokit, given: Given) => Answered): Answered {
    // fetch repeats any other text in its error, and a token is a secret.
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new ForgeError('refused', 'LOTAN_FORGE_TOKEN has letters that no token has: write it anew')
    takeRest()
    const signal = AbortSignal.timeout(deadlineMs)
    try {
      const answered = await send(octokit, { owner, repo, request: { signal } })
      // Octokit takes a body that breaks off for an empty one.
      if (signal.aborted) throw late()
      return answered
    } catch (error) {
      const read = signal.aborted ? late() : meaning(error, call)
      if (read.code === 'limited') rest = read
      throw read
    }
  }

  function takeRest(): void {
    if (rest && rest.retryAt! > Date.now()) throw new ForgeError('limited', rest.message, { retryAt: rest.retryAt! })
  }

  function meaning(error: unknown, call: Call): ForgeError {
    const { response } = error as { response?: Refusal }
    if (response) return errorOf(response, { ...call, repository, token, now: Date.now() })
    return error instanceof ForgeError ? error : unreachable(error)
  }

  function late(): ForgeError {
    return new ForgeError('down', `${hostOf(api)} gave no answer within ${deadlineMs / 1_000} s`)
  }

  function unreachable(error: unknown): ForgeError {
    const code = codeOf(error)
    return new ForgeError('down', `${hostOf(api)} cannot be reached${code && ` (${code})`}`)
  }

  return {
    ask,

    async write(call: Call, send: (octokit: Octokit, given: Given) => Answered): Answered {
      takeRest()
      await writeTurn()
      return ask(call, send)
    },

    /** Each item of all pages, as far as they are taken. GitHub's links say whether there is one more, and lead nowhere else. */
    async *pages(
      call: Call,
      send: (octokit: Octokit, given: Given & { per_page: number; page: number }) => Answered,
    ): AsyncGenerator<unknown> {
      const end = performance.now() + MOST_DEADLINES * deadlineMs
      for (let page = 1; page <= MOST_PAGES && performance.now() < end; page++) {
        const { data, headers } = await ask(call, (to, given) => send(to, { ...given, per_page: 100, page }))
        const items = listOf(data, call.does)
        yield* items
        if (items.length === 0 || !/\brel="?next\b/.test(String(headers.link))) return
      }
      throw new ForgeError('down', `${hostOf(api)} has no end of pages where Lotan asks to ${call.does}`)
    },
  }
}

function hostOf(api: string): string {
  return URL.parse(api)?.host ?? 'GitHub'
}

/** Never its message, which may repeat what was sent. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; isCause(at) && depth < 5; at = at.cause, depth++)
    if (typeof at.code === 'string' && /^[A-Z][A-Z_0-9]{2,40}$/.test(at.code)) return at.code
  return ''
}

function isCause(value: unknown): value is { code?: unknown; cause?: unknown } {
  return value instanceof Error || isFields(value)
}
