/**
 * What nginx asks about previews' hosts, in the order a request meets it:
 *
 *   /route   which slot serves this host? Never waits, changes nothing; nginx keeps a yes for 2 s.
 *   /wait    nobody serves it: wakes it, and answers when it is up, or when this kind of request has waited enough.
 *   /lost    the slot dropped the request: looks at the container first, then as /wait.
 *   /silent  the slot did not even accept it: the same, but a container that is well is tried again, patiently.
 *   /interim the slot sent an interim answer: its route leads through the relay from now on. Back to /wait.
 *   /answer  what the visitor gets instead of the application: a page, or a problem.
 *
 * A yes is 200 with X-Upstream, with X-Relay, the place that the relay leads to where a request goes through it, and with
 * X-App-Port, the port inside of the container. A no is 403; nginx passes its X-Verdict on to /answer.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type NextFunction, type Request, type Response } from 'express'
import { hostPortText } from '../../shared/slots/slot-scheme.ts'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { RouterContext } from '../context.ts'
import { respond, respondTrouble } from './response.ts'
import { readGatewayRequest, readRequest, type GatewayRequest, type Verdict } from './request.ts'
import { noteColdStarts } from './server-timing.ts'
import { decide, isNavigation, type Decision } from './decide.ts'
import { limitUnknownTags } from './unknown-tag-limit.ts'
import { isLostContainer } from './lost-container.ts'
import { sendProblem } from '../api/problem.ts'
import { isRebuilt, onceRebuilt } from './database-trust.ts'
import { noteRelayed } from './relayed-containers.ts'
import { backTo, isFromHere } from '../admin/same-origin.ts'
import { openStartStatusStreams } from '../pages/start-status-stream.ts'
import { isAt, hostPortIn, upstreamIn } from './upstream.ts'

/** Starts that the machine does at once before they slow each other down (measured: it saturates at 2 to 4). */
const START_LANES = 2

/** The most of an answer's head that nginx reads, bytes: proxy_buffer_size. */
const LARGEST_HEAD = 32 * 1024

/** The distance between two held requests of a preview that are let go, milliseconds. */
const LET_GO_EVERY_MS = 2

export function gateway(context: RouterContext): express.Express {
  const { config, store, nudges, changes, activity, streams, log } = context
  const coldStarts = noteColdStarts(store.list())
  const unknownTags = limitUnknownTags({ store, previews: changes.previews })
  const startStatuses = openStartStatusStreams({ store, changes })
  const relayed = noteRelayed(store.get)
  const letGo = new Map<string, number>()
  let held = 0

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')

  // Without a route they come to /wait.
  app.get('/route', (_req, res, next) => (isRebuilt(store) ? next() : refuse(res)))
  // Of a waiting page that says what is no longer known. It looks again by itself.
  app.get('/events', (_req, res, next) => {
    if (isRebuilt(store)) return next()
    return sendProblem(res.set('Retry-After', '3'), 503, 'Lotan’s database is being rebuilt.')
  })
  app.use(
    onceRebuilt(context, (req, res) =>
      isQuestion(req.path) ? refuse(res, 'trouble') : respondTrouble(readRequest(req.headers), res),
    ),
  )

  app.get('/route', (req, res) => {
    const request = readGatewayRequest(req, config, store)
    const decision = decideOn(request)
    if (decision.do !== 'forward') return refuse(res)
    noteVisit(request)
    const first = isFirst(request, decision.preview, res)
    // With these figures a router that is killed goes unnoticed for 7 s, and no answer outlives the 10 s
    // that a container is left alone after its route has gone. The timing of a cold start is for one response.
    res.set('Cache-Control', first ? 'no-store' : 'max-age=2, stale-while-revalidate=1, stale-if-error=5')
    return forward(request, res, decision.preview)
  })

  app.get('/wait', (req, res) => hold(readGatewayRequest(req, config, store), res))

  app.get('/lost', (req, res) => lost(readGatewayRequest(req, config, store), res, 'alive'))

  app.get('/silent', (req, res) => lost(readGatewayRequest(req, config, store), res, 'busy'))

  app.get('/interim', (req, res) => {
    const request = readGatewayRequest(req, config, store)
    const preview = request.tag === null ? undefined : store.get(request.tag)
    if (preview?.state === 'running' && isAt(store.meta, preview, request.tried)) relayed.add(preview)
    if (reusable(request)) return res.set('X-Accel-Redirect', '@cold').end()
    return respond({ request: { ...request, verdict: 'interim' }, decision: decideOn(request), config, store }, res)
  })

  app.get('/answer', (req, res) => {
    const request = readGatewayRequest(req, config, store)
    const decision = decideOn(request)
    respond({ request, decision, config, store }, res)
  })

  app.get('/events', (req, res) => {
    const { tag, client } = readGatewayRequest(req, config, store)
    if (tag === null) return noTag(res)
    if (client.method !== 'GET') return notThisWay(res, 'GET')
    return startStatuses.stream(tag, res)
  })

  // Anybody who may see the page may press its button; another site may not press it for them.
  app.get('/retry', (req, res) => {
    const request = readGatewayRequest(req, config, store)
    if (request.tag === null) return noTag(res)
    if (request.client.method !== 'POST') return notThisWay(res, 'POST')
    if (!isFromHere(request)) return sendProblem(res, 403, 'Another site asked for this.', { tag: request.tag })
    if (config.offers(request.tag) && mayWake(request.tag)) wake(request.tag, 'api')
    return res.redirect(303, backTo(request))
  })

  // The store cannot be written to, or worse. nginx, which only asked, is told no, and comes for an answer with that.
  app.use((error: Error, req: Request, res: Response, next: NextFunction) => {
    log.error({ err: error, asked: req.path, host: req.headers['x-host'] }, 'nginx could not be answered')
    if (res.headersSent) return next(error)
    if (isQuestion(req.path)) return refuse(res, 'trouble')
    return respondTrouble(readRequest(req.headers), res)
  })

  /** @param otherwise what a container is whose process runs all the same */
  async function lost(request: GatewayRequest, res: Response, otherwise: 'alive' | 'busy'): Promise<unknown> {
    const preview = request.tag === null ? undefined : store.get(request.tag)
    if (request.received >= LARGEST_HEAD) {
      log.warn({ tag: request.tag }, 'the response headers of an application are larger than 32 kB')
      return refuse(res, 'too-large')
    }
    if (preview?.state !== 'running') return reusable(request) ? hold(request, res) : refuse(res, 'spent')
    const moved = !isAt(store.meta, preview, request.tried)
    if (!moved && (await isLostContainer(preview, context)))
      return reusable(request) ? hold(request, res) : refuse(res, 'spent')
    if (!moved && otherwise === 'alive') return refuse(res, 'alive')
    return reusable(request) ? forward(request, res, preview) : refuse(res, 'spent')
  }

  /** Wakes a preview, unless this only comes back to it, and waits for it as long as this request may wait. */
  async function hold(request: GatewayRequest, res: Response): Promise<unknown> {
    const decision = decideOn(request)
    if (decision.do === 'forward') return forward(request, res, decision.preview)
    if (decision.do !== 'wait' || request.tag === null) return refuse(res)
    const { tag } = request
    if (decision.wakes) {
      if (!mayWake(tag)) return refuse(res, 'unknown')
      wake(tag, 'visit')
      noteVisit(request)
    }
    if (decision.applied !== null) res.set('Preference-Applied', `wait=${decision.applied / 1_000}`)
    const called = store.get(tag)
    // It was just being stopped, and goes on.
    if (called?.state === 'running') return forwardAfterWait(request, called, res)
    if (decision.until <= Date.now()) return refuse(res)
    // The waiting page needs no place.
    if (held >= config.maxHeld) return isNavigation(request.client) ? refuse(res) : refuse(res, 'full')

    const gone = new AbortController()
    res.on('close', () => gone.abort())
    held++
    try {
      const settled = await changes.until(() => settledAs(changes.preview(tag)), {
        deadline: decision.until,
        signal: gone.signal,
      })
      if (gone.signal.aborted) return
      if (decision.wakes) noteVisit(request)
      if (settled?.state !== 'running') return refuse(res)
      await awaitTurn(tag)
      return forwardAfterWait(request, settled, res)
    } finally {
      held--
    }
  }

  /**
   * Fifty connections at once are more than the backlog of a small server: the kernel would drop some, and try again a
   * second later. Those who were held for the same preview are let go one after another.
   */
  async function awaitTurn(tag: string): Promise<void> {
    const before = letGo.get(tag) ?? 0
    letGo.set(tag, before + 1)
    if (before > 0) await sleep(before * LET_GO_EVERY_MS)
    const left = letGo.get(tag)! - 1
    if (left > 0) letGo.set(tag, left)
    else letGo.delete(tag)
  }

  /** Lets a request that was asked about again through to what has come up. */
  function forwardAfterWait(request: GatewayRequest, preview: In<'running'>, res: Response) {
    isFirst(request, preview, res)
    return forward(request, res, preview)
  }

  /** Whether this is the first response after a cold start; it carries how long the start took. */
  function isFirst({ client }: GatewayRequest, preview: In<'running'>, res: Response): boolean {
    const timing = client.kind === 'person' ? coldStarts.first(preview) : undefined
    if (timing) res.set('X-Timing', timing)
    return timing !== undefined
  }

  function decideOn(request: GatewayRequest, now = Date.now()): Decision {
    const preview = request.tag === null ? undefined : store.get(request.tag)
    const missingUntil = request.tag === null || preview ? undefined : store.missing(request.tag, now)
    return decide(
      request.client,
      {
        ...request,
        preview,
        missingUntil,
        hold: config.hold,
        offers: config.offers,
        laneFree,
        comesBack: () => streams.comesBack(request),
      },
      now,
    )
  }

  /** What nobody knows is looked for only so often. */
  function mayWake(tag: string): boolean {
    return store.get(tag) !== undefined || unknownTags.mayLookFor(tag)
  }

  /** Nobody waits for Redis: a nudge that is lost is made up for by the reaper. */
  function wake(tag: string, by: 'visit' | 'api'): void {
    const woken = store.apply(tag, { type: 'start', by })
    if (woken) void nudges.nudge(woken)
  }

  function laneFree(): boolean {
    const starting = changes
      .previews()
      .filter((preview) => preview.state === 'starting' && preview.stages.waiting === undefined)
    return starting.length < START_LANES
  }

  function forward(request: GatewayRequest, res: Response, preview: In<'running'>) {
    streams.passes(request, Date.now())
    const upstream = relayed.has(preview) ? 'relay' : upstreamIn(store.meta, preview)
    const place = hostPortText(hostPortIn(store.meta, preview))
    res.set({ 'X-Upstream': upstream, 'X-Relay': place, 'X-App-Port': preview.generation.port })
    return res.status(200).end()
  }

  function refuse(res: Response, verdict?: Verdict) {
    if (verdict) res.set('X-Verdict', verdict)
    return res.set('Cache-Control', 'no-store').status(403).end()
  }

  function noteVisit({ tag, client }: GatewayRequest) {
    if (tag !== null && client.kind === 'person') activity.seen(tag, Date.now())
  }

  return app
}

/** A preview that has come to where waiting for it ends; undefined while it is on its way. */
function settledAs(preview: Preview | undefined): Preview | { state: 'unknown' } | undefined {
  if (!preview) return { state: 'unknown' }
  return preview.state === 'running' || preview.state === 'failed' || preview.state === 'stopped' ? preview : undefined
}

/** Whether a request can be sent a second time: its body, if it had one, went to the container that was lost. */
function reusable({ client }: GatewayRequest): boolean {
  return client.method === 'GET' || client.method === 'HEAD'
}

function noTag(res: Response) {
  sendProblem(res, 404, 'This host stands for no container tag.')
}

function notThisWay(res: Response, allowed: string) {
  res.set('Allow', allowed)
  sendProblem(res, 405, `Only ${allowed} means something here.`)
}

/** Whether nginx asks, rather than passing on what it is answered. */
function isQuestion(path: string): boolean {
  return ['/route', '/wait', '/lost', '/silent', '/interim'].includes(path)
}
