/** What a visitor gets instead of the application: a page for people, a problem (RFC 9457) for programs. */
import type { Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { words } from '../../shared/preview/failure-reason.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf } from '../../shared/tag.ts'
import type { GatewayRequest } from './request.ts'
import { isNavigation, type Decision, type ClientRequest } from './decide.ts'
import {
  failedPage,
  messagePage,
  messages,
  notFoundPage,
  waitingPage,
  type Message,
  type Page,
} from '../pages/render.ts'
import { sendProblem } from '../api/problem.ts'
import { asPath } from '../admin/same-origin.ts'
import { startStatusOf } from '../pages/start-status.ts'

interface Content {
  status: number
  heading: string
  sentence: string
  reason?: string
  /** Seconds. */
  retryAfter?: number
  again?: true
  page: () => Page
}

/** A longer Location header is more than nginx reads. The waiting page reloads itself instead. */
const LONGEST_REDIRECT = 8_000

/** An nginx location that closes the connection without a response. */
const CLOSED = '@closed'

interface Exchange {
  request: GatewayRequest
  decision: Decision
  config: Pick<Config, 'domain' | 'transliterate' | 'repository'>
  store: Pick<Store, 'get' | 'ahead' | 'missing' | 'lately'>
}

/** Never cached: the next response differs. */
export function respond(exchange: Exchange, res: Response, now = Date.now()) {
  const { request, decision, store } = exchange
  if (isRobotsTxt(request)) return uncached(res).type('text/plain').send('User-agent: *\nDisallow: /\n')
  // The preview came up between nginx's last subrequest and this one.
  const isUp = decision.do === 'forward' && !request.verdict && request.client.method === 'GET'
  if (isUp && request.uri.length < LONGEST_REDIRECT) return uncached(res).redirect(307, asPath(request.uri))

  const state = request.tag === null ? undefined : (store.get(request.tag)?.state ?? 'unknown')
  // A request for the API at a wrong host comes from a program.
  const isApi = request.label === null && /^\/api([/?]|$)/.test(request.uri)
  return send(contentOf(exchange, now), { ...request.client, accept: isApi ? '' : request.client.accept }, res, {
    tag: request.tag ?? undefined,
    state,
  })
}

export function respondTrouble(client: ClientRequest, res: Response) {
  return send(trouble(), client, res)
}

function send(content: Content, client: ClientRequest, res: Response, about: { tag?: string; state?: string } = {}) {
  const { status, heading, sentence, reason, retryAfter, again, page } = content
  uncached(res)
  // Any response that is no stream ends an EventSource for good; after a lost connection it reconnects.
  if (status === 503 && client.stream === 'events' && client.kind === 'person') res.set('X-Accel-Redirect', CLOSED)
  if (retryAfter !== undefined) res.set('Retry-After', String(retryAfter))
  if (client.kind !== 'person' || !isNavigation(client))
    return sendProblem(res, status, `${heading}. ${sentence}`, { ...about, reason })
  const { html, csp } = page()
  if (again) res.set('Refresh', String(retryAfter))
  return res
    .status(status)
    .set({ 'Content-Security-Policy': csp, 'Referrer-Policy': 'same-origin', 'X-Content-Type-Options': 'nosniff' })
    .type('html')
    .send(html)
}

function uncached(res: Response): Response {
  return res.set({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
}

function contentOf({ request, decision, config, store }: Exchange, now: number): Content {
  const tag = request.tag ?? ''
  const verdict = verdictOf(request, tag)
  if (verdict) return verdict

  if (decision.do === 'refuse' && decision.why === 'no-tag') {
    const heading = 'No container tag'
    const sentence =
      request.label === null
        ? `${request.host} is not below ${config.domain}.`
        : `${request.label} cannot be a container tag.`
    const { label, host } = request
    const { domain, transliterate } = config
    const example = hostOf('pr-3001', config)
    return {
      status: 404,
      heading,
      sentence,
      page: () => notFoundPage({ why: 'no-tag', label, host, domain, example, transliterate }),
    }
  }
  if (decision.do === 'refuse' && decision.why === 'not-offered')
    return {
      status: 403,
      heading: 'This tag is not offered',
      sentence: `Whoever runs Lotan offers only some tags as previews. ${tag} is not one of them.`,
      page: () => notFoundPage({ why: 'not-offered', tag }),
    }
  if (decision.do === 'refuse' && decision.why === 'missing') {
    const askAgainIn = Math.max(0, decision.until - now)
    return {
      status: 404,
      heading: 'No such container tag',
      sentence: `The registry has no image tagged ${tag}.`,
      retryAfter: Math.ceil(askAgainIn / 1_000),
      page: () => notFoundPage({ why: 'missing', tag, askAgainIn }),
    }
  }
  if (decision.do === 'refuse' && decision.why === 'failed') {
    const { reason, since, retryAt } = decision.preview
    const { heading, sentence } = words(tag, reason)
    const page = () => failedPage({ tag, reason, since, retryAt, now })
    return { status: 502, heading, sentence, reason: reason.code, page }
  }
  if (decision.do === 'refuse' && decision.why === 'comes-back')
    return {
      ...fromMessage({
        status: 503,
        heading: `${tag} is asleep`,
        sentence:
          'This connection was open when it fell asleep, and does not wake it. A page that is opened or any other request does.',
      }),
      retryAfter: 10,
    }
  if (decision.do === 'refuse')
    return fromMessage({
      status: 503,
      heading: `${tag} is asleep`,
      sentence: 'It wakes for people and programs, not for robots, prefetches and probes.',
    })

  const preview = store.get(tag)
  const missing = !preview && store.missing(tag, now) !== undefined
  const ahead = preview?.state === 'queued' ? store.ahead(preview) : 0
  const told = startStatusOf(preview, { tag, ahead, missing, recentDurations: store.lately(), now })
  return {
    status: 503,
    heading: told.heading,
    sentence: told.status,
    retryAfter: 2,
    page: () => waitingPage({ told, repository: config.repository, uri: request.uri }),
  }
}

function verdictOf({ verdict }: GatewayRequest, tag: string): Content | undefined {
  switch (verdict) {
    case 'alive':
      return fromMessage(messages.unanswered(tag))
    case 'too-large':
      return fromMessage(messages.tooLarge(tag))
    case 'full':
      return { ...fromMessage(messages.crowded(tag)), retryAfter: 5 }
    case 'unknown':
      return { ...fromMessage(messages.unknown(tag)), retryAfter: 10, again: true }
    case 'spent':
      return {
        ...fromMessage({
          status: 503,
          heading: `${tag} was lost a moment ago`,
          sentence:
            'Its container ended before it could answer, and the request’s body is spent. Send the request again.',
        }),
        retryAfter: 2,
      }
    case 'interim':
      return {
        ...fromMessage({
          status: 502,
          heading: `${tag} sent an interim answer`,
          sentence:
            'The application sent one, such as 103 Early Hints, before its own answer, and Lotan was not prepared for that. From now on it is. What you sent has perhaps been done: look, and send it again.',
        }),
        retryAfter: 3,
      }
    case 'trouble':
      return trouble()
    case undefined:
      return undefined
  }
}

function trouble(): Content {
  return { ...fromMessage(messages.trouble()), retryAfter: 10, again: true }
}

function fromMessage(message: Message): Content {
  const { status, heading, sentence } = message
  return { status, heading, sentence, page: () => messagePage(message) }
}

/** Search engines are told to leave the preview alone, which does not wake it. */
function isRobotsTxt({ uri, client }: GatewayRequest): boolean {
  return client.method === 'GET' && /^\/robots\.txt(\?|$)/.test(uri)
}
