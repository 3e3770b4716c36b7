/** What a visitor gets instead of the application: a page for people, a problem (RFC 9457) for programs. */
import type { Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { words } from '../../shared/preview/failure-reason.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf } from '../../shared/tag.ts'
import type { Ask } from './request.ts'
import { isNavigation, type Answer, type Request } from './decide.ts'
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
import { tell } from '../pages/start-status.ts'

/** One answer, said twice: as a page and as a problem, of which one is made. */
interface Said {
  status: number
  heading: string
  sentence: string
  reason?: string
  /** Seconds. */
  retryAfter?: number
  /** The page comes back by itself after that time. */
  again?: true
  page: () => Page
}

/** A longer one is not led to: its header would be more than nginx takes. The waiting page loads itself again. */
const LONGEST_REDIRECT = 8_000

/** nginx's location that closes a connection without an answer. */
const CLOSED = '@closed'

interface Parts {
  ask: Ask
  answer: Answer
  config: Pick<Config, 'domain' | 'transliterate' | 'repository'>
  store: Pick<Store, 'get' | 'ahead' | 'missing' | 'lately'>
}

/** Sends it. Never cached, by anybody, since the next answer is another one. */
export function answerFor(parts: Parts, res: Response, now = Date.now()) {
  const { ask, answer, store } = parts
  if (isRobotsTxt(ask)) return uncached(res).type('text/plain').send('User-agent: *\nDisallow: /\n')
  // It came up between nginx's last question and this one.
  const isUp = answer.do === 'forward' && !ask.verdict && ask.request.method === 'GET'
  if (isUp && ask.uri.length < LONGEST_REDIRECT) return uncached(res).redirect(307, asPath(ask.uri))

  const state = ask.tag === null ? undefined : (store.get(ask.tag)?.state ?? 'unknown')
  // Whoever asks for the API at a host that has none is a program.
  const isApi = ask.label === null && /^\/api([/?]|$)/.test(ask.uri)
  return send(say(parts, now), { ...ask.request, accept: isApi ? '' : ask.request.accept }, res, {
    tag: ask.tag ?? undefined,
    state,
  })
}

/** What there is to say when nothing can be looked up: Lotan itself is in trouble. */
export function answerTrouble(request: Request, res: Response) {
  return send(trouble(), request, res)
}

function send(answer: Said, request: Request, res: Response, about: { tag?: string; state?: string } = {}) {
  const { status, heading, sentence, reason, retryAfter, again, page } = answer
  uncached(res)
  // An answer that is no stream ends an EventSource for good; a connection that is lost it opens again.
  if (status === 503 && request.stream === 'events' && request.kind === 'person') res.set('X-Accel-Redirect', CLOSED)
  if (retryAfter !== undefined) res.set('Retry-After', String(retryAfter))
  if (request.kind !== 'person' || !isNavigation(request))
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

function say({ ask, answer, config, store }: Parts, now: number): Said {
  const tag = ask.tag ?? ''
  const verdict = verdictOf(ask, tag)
  if (verdict) return verdict

  if (answer.do === 'refuse' && answer.why === 'no-tag') {
    const heading = 'No container tag'
    const sentence =
      ask.label === null ? `${ask.host} is not below ${config.domain}.` : `${ask.label} cannot be a container tag.`
    const { label, host } = ask
    const { domain, transliterate } = config
    const example = hostOf('pr-3001', config)
    return {
      status: 404,
      heading,
      sentence,
      page: () => notFoundPage({ why: 'no-tag', label, host, domain, example, transliterate }),
    }
  }
  if (answer.do === 'refuse' && answer.why === 'not-offered')
    return {
      status: 403,
      heading: 'This tag is not offered',
      sentence: `Whoever runs Lotan offers only some tags as previews. ${tag} is not one of them.`,
      page: () => notFoundPage({ why: 'not-offered', tag }),
    }
  if (answer.do === 'refuse' && answer.why === 'missing') {
    const askAgainIn = Math.max(0, answer.until - now)
    return {
      status: 404,
      heading: 'No such container tag',
      sentence: `The registry has no image tagged ${tag}.`,
      retryAfter: Math.ceil(askAgainIn / 1_000),
      page: () => notFoundPage({ why: 'missing', tag, askAgainIn }),
    }
  }
  if (answer.do === 'refuse' && answer.why === 'failed') {
    const { reason, since, retryAt } = answer.preview
    const { heading, sentence } = words(tag, reason)
    const page = () => failedPage({ tag, reason, since, retryAt, now })
    return { status: 502, heading, sentence, reason: reason.code, page }
  }
  if (answer.do === 'refuse' && answer.why === 'comes-back')
    return {
      ...said({
        status: 503,
        heading: `${tag} is asleep`,
        sentence:
          'This connection was open when it fell asleep, and does not wake it. A page that is opened or any other request does.',
      }),
      retryAfter: 10,
    }
  if (answer.do === 'refuse')
    return said({
      status: 503,
      heading: `${tag} is asleep`,
      sentence: 'It wakes for people and programs, not for robots, prefetches and probes.',
    })

  const preview = store.get(tag)
  const missing = !preview && store.missing(tag, now) !== undefined
  const ahead = preview?.state === 'queued' ? store.ahead(preview) : 0
  const told = tell(preview, { tag, ahead, missing, lately: store.lately(), now })
  return {
    status: 503,
    heading: told.heading,
    sentence: told.status,
    retryAfter: 2,
    page: () => waitingPage({ told, repository: config.repository, uri: ask.uri }),
  }
}

/** What an earlier question about this very request has come to. */
function verdictOf({ verdict }: Ask, tag: string): Said | undefined {
  switch (verdict) {
    case 'alive':
      return said(messages.unanswered(tag))
    case 'too-large':
      return said(messages.tooLarge(tag))
    case 'full':
      return { ...said(messages.crowded(tag)), retryAfter: 5 }
    case 'unknown':
      return { ...said(messages.unknown(tag)), retryAfter: 10, again: true }
    case 'spent':
      return {
        ...said({
          status: 503,
          heading: `${tag} was lost a moment ago`,
          sentence:
            'Its container ended before it could answer, and the request’s body is spent. Send the request again.',
        }),
        retryAfter: 2,
      }
    case 'interim':
      return {
        ...said({
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

function trouble(): Said {
  return { ...said(messages.trouble()), retryAfter: 10, again: true }
}

function said(message: Message): Said {
  const { status, heading, sentence } = message
  return { status, heading, sentence, page: () => messagePage(message) }
}

/** A search engine that asks is told to leave the preview alone, without waking it. */
function isRobotsTxt({ uri, request }: Ask): boolean {
  return request.method === 'GET' && /^\/robots\.txt(\?|$)/.test(uri)
}
