/**
 * The subrequests of nginx about requests for previews, in the order a request meets them:
 *
 *   /route    which upstream serves this host? Never waits, changes nothing; nginx caches a yes for 2 s
 *   /wait     none does: wakes the preview, and waits for it as long as this kind of request may (hold.ts)
 *   /lost     the upstream dropped the request: checks the container, then as /wait (failed-upstream.ts)
 *   /silent   the upstream did not accept the connection: the same, but a running container is tried again
 *   /interim  the upstream sent an interim response: its route goes through the relay from now on. Back to /wait
 *   /about    the small page about a preview, which wakes nothing
 *   /answer   what the visitor gets instead of the application: a page or a problem (response.ts)
 *
 * Yes is 200 and the upstream, no is 403 (forward.ts). Before all of them stands the gate, whose no is 401 (gate/); for
 * what another preview asks pairs.ts stands there.
 */
import express, { type NextFunction, type Request, type Response } from 'express'
import { backTo, isFromHere } from '../access/same-origin.ts'
import { linkProblems, sendProblem } from '../api/conventions/problem.ts'
import type { RouterContext } from '../context.ts'
import { openNearTags } from '../near/near-tags.ts'
import { showBrand } from '../pages/brand.ts'
import { openStartStatusStreams } from '../pages/start/status-stream.ts'
import { noteVisit } from './activity.ts'
import { isRebuilt, onceRebuilt } from './database-trust.ts'
import { openChangeHints } from './change-hints.ts'
import { decideFrom } from './decide-now.ts'
import { noteLostServices } from './failed-upstream/lost-services.ts'
import { onFailedUpstream } from './failed-upstream/failed-upstream.ts'
import { openForwarder, refuse, refuseEntry } from './forward.ts'
import { openHold } from './hold.ts'
import { canRepeat, readGatewayRequest, readRequest, type GatewayRequest } from './request.ts'
import { openAbout } from './about.ts'
import { answerOf, respond, respondTrouble } from './response.ts'
import { openWaker } from './wake.ts'
import type { GateRefusal } from '../metrics/meters.ts'
import { traced } from '../request-id.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import { openPairs } from './pairs.ts'
import { openEntrance } from '../gate/entrance.ts'
import { refuseAtGate, type AtGate } from '../gate/refusal.ts'

export function gateway(context: RouterContext): express.Express {
  const { config, store, activity, gate, meters, log } = context
  const lostServices = noteLostServices()
  const decideNow = decideFrom({ ...context, lostServices })
  const forwarder = openForwarder(context)
  const waker = openWaker(context)
  const hold = openHold({ ...context, decideNow, waker, forwarder })
  const failure = { ...context, hold, forwarder, decideNow, lostServices }
  const startStatuses = openStartStatusStreams(context)
  const entrance = openEntrance(context)
  const near = openNearTags(context)
  const pairs = openPairs(context)
  const hintAt = openChangeHints(context)
  const about = openAbout({ ...context, near })
  const requests = new WeakMap<Request, GatewayRequest>()
  const read = (req: Request): GatewayRequest => {
    const request = requests.get(req) ?? readGatewayRequest(req, config, store)
    requests.set(req, request)
    return request
  }

  const app = express()
  app.disable('x-powered-by')
  linkProblems(app, config)
  showBrand(app, context.brand)
  app.disable('etag')
  app.use(traced)

  // Refused at once, so that the request comes to /wait.
  app.get('/route', (_req, res, next) => (isRebuilt(store) ? next() : refuse(res)))
  // The waiting page would show what is no longer known. It asks again by itself.
  app.get('/events', (_req, res, next) => {
    if (isRebuilt(store)) return next()
    return sendProblem(res.set('Retry-After', '3'), 'rebuilding', 'Lotan’s database is being rebuilt.')
  })
  app.use(onceRebuilt(context, respondFailure))

  app.use((req, res, next) => {
    const request = read(req)
    if (request.peer === null) return next()
    const call = isOwnPath(req) ? undefined : pairs.callOf(request, res)
    if (call) {
      request.call = call
      request.who = call.caller
      return next()
    }
    // It comes back as /answer.
    if (isSubrequest(req)) return refuse(res)
    meters.noteColdAnswer('not-a-pair')
    return pairs.refuse(request, res)
  })

  for (const [path, method] of [
    ['/enter', 'GET'],
    ['/leave', 'POST'],
  ] as const)
    app.get(path, (req, res) => {
      const request = read(req)
      if (!hasId(request)) return noTag(res)
      if (request.client.method !== method) return notThisWay(res, method)
      return path === '/enter'
        ? entrance.enter(request, res).then(() => noteRefusal(res))
        : entrance.leave(request, res)
    })

  if (gate.isOn)
    app.use(async (req, res, next) => {
      const request = read(req)
      if (!hasId(request) || request.call) return next()
      const who = await gate.lets(request)
      if (who !== undefined) {
        request.who = who
        return next()
      }
      // It comes back as /answer.
      if (isSubrequest(req)) return refuseEntry(res)
      refuseAtGate(request, config, res)
      return noteRefusal(res, 'login')
    })

  app.get('/route', (req, res) => {
    const request = read(req)
    const decision = decideNow(request)
    if (decision.do !== 'forward') return refuse(res)
    noteVisit(request, activity)
    return forwarder.forwardCached(request, decision, res)
  })

  app.get('/wait', (req, res) => hold(read(req), res))

  app.get('/lost', (req, res) => onFailedUpstream(read(req), res, 'refuse', failure))

  app.get('/silent', (req, res) => onFailedUpstream(read(req), res, 'retry', failure))

  app.get('/interim', (req, res) => {
    const request = read(req)
    const decision = decideNow(request)
    if (decision.do === 'forward') forwarder.relay(decision, request.tried)
    if (canRepeat(request)) return res.set('X-Accel-Redirect', request.call ? '@call' : '@cold').end()
    return respond({ request: { ...request, verdict: 'interim' }, decision, config, near, store }, res)
  })

  app.get('/answer', (req, res) => {
    const request = read(req)
    const decision = decideNow(request)
    if (request.client.kind === 'person') hintAt(request.id, decision)
    respond({ request, decision, config, near, store }, res)
    const kind = answerOf(res)
    if (kind !== undefined) meters.noteColdAnswer(kind)
  })

  app.get('/about', (req, res) => {
    const request = read(req)
    if (request.client.method !== 'GET' && request.client.method !== 'HEAD') return notThisWay(res, 'GET, HEAD')
    return about(request, decideNow(request), res)
  })

  app.get('/events', (req, res) => {
    const { id, client } = read(req)
    if (id === null) return noTag(res)
    if (client.method !== 'GET') return notThisWay(res, 'GET')
    return startStatuses.stream(id, res, { isPerson: client.kind === 'person' })
  })

  // Any visitor of the page may press its button; another site may not press it for them.
  app.get('/retry', (req, res) => {
    const request = read(req)
    const { id, client } = request
    if (id === null) return noTag(res)
    if (client.method !== 'POST') return notThisWay(res, 'POST')
    if (!isFromHere(request)) return sendProblem(res, 'other-site', 'Another site asked for this.', logFields(id))
    if (config.offers(id) && waker.mayWake(id)) waker.wake(id, 'button', request)
    return res.redirect(303, backTo(request))
  })

  app.use((error: Error, req: Request, res: Response, next: NextFunction) => {
    log.error({ err: error, asked: req.path, host: req.headers['x-host'] }, 'nginx could not be answered')
    if (res.headersSent) return next(error)
    return respondFailure(req, res)
  })

  return app

  /** @param otherwise of a refusal that is no problem */
  function noteRefusal(res: Response, otherwise?: 'login') {
    const kind = (answerOf(res) as GateRefusal | undefined) ?? otherwise
    if (kind !== undefined) meters.noteGateRefusal(kind)
  }
}

function hasId(request: GatewayRequest): request is AtGate {
  return request.id !== null
}

function isSubrequest({ path }: Request): boolean {
  return ['/route', '/wait', '/lost', '/silent'].includes(path)
}

/** What Lotan answers on a preview's host by itself is for visitors. */
function isOwnPath({ path }: Request): boolean {
  return ['/about', '/events', '/retry', '/enter', '/leave'].includes(path)
}

/** A refused subrequest comes back as /answer, with the verdict. */
function respondFailure(req: Request, res: Response) {
  return isSubrequest(req) || req.path === '/interim'
    ? refuse(res, 'trouble')
    : respondTrouble(readRequest(req.headers), res)
}

function noTag(res: Response) {
  sendProblem(res, 'no-tag', 'This host stands for no container tag.')
}

function notThisWay(res: Response, allowed: string) {
  res.set('Allow', allowed)
  sendProblem(res, 'wrong-method', `This address takes only ${allowed}.`)
}
