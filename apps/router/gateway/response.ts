/** What a visitor gets instead of the application: a page for people, a problem (RFC 9457) for programs. */
import type { Response } from 'express'
import { kindOf } from '../../shared/api/problems.ts'
import { asVisitorsSee } from '../../shared/preview/preview.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { GatewayRequest } from './request.ts'
import { isNavigation, type ClientRequest } from './decide.ts'
import { sendProblem } from '../api/conventions/problem.ts'
import { asPath } from '../access/same-origin.ts'
import type { ColdAnswer } from '../metrics/meters.ts'
import type { Message } from '../pages/messages.ts'
import { brandIn } from '../pages/brand.ts'
import type { Page } from '../pages/views.ts'
import { fromMessage, type Content } from './content.ts'
import { contentOf, trouble, type Exchange } from './response-content.ts'

/** A longer Location header is more than nginx reads. The waiting page reloads itself instead. */
const LONGEST_REDIRECT = 8_000

/** An nginx location that closes the connection without a response. */
const CLOSED = '@closed'

export function respond(exchange: Exchange, res: Response, now = Date.now()) {
  const { request, decision, store } = exchange
  if (isRobotsTxt(request)) return sendRobotsTxt(res)
  // The preview came up between nginx's last subrequest and this one.
  const isUp = decision.do === 'forward' && !request.verdict && request.client.method === 'GET'
  if (isUp && request.uri.length < LONGEST_REDIRECT)
    return told(uncached(res), 'redirect').redirect(307, asPath(request.uri))

  const state = request.id === null ? undefined : (asVisitorsSee(store.get(request.id))?.state ?? 'unknown')
  // A request for the API at a wrong host comes from a program.
  const isApi = request.label === null && /^\/api([/?]|$)/.test(request.uri)
  return send(contentOf(exchange, now), { ...request.client, accept: isApi ? '' : request.client.accept }, res, {
    id: request.id,
    state,
  })
}

/** What it is about; of no preview, or of none that is known, null. */
interface About {
  id: PreviewId | null
  state?: string
}

/** A page for people, a problem for programs. */
export function sendMessage(message: Message, client: ClientRequest, res: Response, about: About) {
  return send(fromMessage(message), client, res, about)
}

export function respondTrouble(client: ClientRequest, res: Response) {
  return send(trouble(), client, res)
}

function send(content: Content, client: ClientRequest, res: Response, { id, state }: About = { id: null }) {
  const { problem, heading, sentence, reason, retryAfter, again, page } = content
  const { status } = kindOf(problem)
  uncached(res)
  // Any response that is no stream ends an EventSource for good; after a lost connection it reconnects.
  if (status === 503 && client.stream === 'events' && client.kind === 'person') res.set('X-Accel-Redirect', CLOSED)
  if (retryAfter !== undefined) res.set('Retry-After', String(retryAfter))
  if (client.kind !== 'person' || !isNavigation(client))
    return sendProblem(told(res, problem), problem, `${heading}. ${sentence}`, {
      ...(id !== null && logFields(id)),
      state,
      reason,
    })
  if (again) res.set('Refresh', String(retryAfter))
  return sendPage(
    content.pageStatus ?? status,
    page(brandIn(res, id)),
    told(res, problem === 'starting' ? 'waiting-page' : problem),
  )
}

/** For the metrics. */
function told(res: Response, kind: ColdAnswer): Response {
  res.locals.answer = kind
  return res
}

/** What a visitor got instead of the application; undefined where it is none of these. */
export function answerOf({ locals }: Response): ColdAnswer | undefined {
  return (locals as { answer?: ColdAnswer }).answer
}

export function sendPage(status: number, { html, csp }: Page, res: Response) {
  return uncached(res)
    .status(status)
    .set({ 'Content-Security-Policy': csp, 'Referrer-Policy': 'same-origin', 'X-Content-Type-Options': 'nosniff' })
    .type('html')
    .send(html)
}

function uncached(res: Response): Response {
  return res.set({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex' })
}

/** Search engines are told to leave the preview alone, which does not wake it. */
export function sendRobotsTxt(res: Response) {
  return told(uncached(res), 'robots-txt').type('text/plain').send('User-agent: *\nDisallow: /\n')
}

export function isRobotsTxt({ uri, client }: GatewayRequest): boolean {
  return client.method === 'GET' && /^\/robots\.txt(\?|$)/.test(uri)
}
