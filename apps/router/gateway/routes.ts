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
import type { Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { textOf } from '../../shared/slots/slot-scheme.ts'
import type { In, Preview } from '../../shared/preview/preview.ts'
import type { Nudges } from '../../shared/queue.ts'
import type { Store } from '../../shared/store/store.ts'
import type { noteActivity } from './activity.ts'
import { answerFor, answerTrouble } from './response.ts'
import { readAsk, readRequest, type Ask, type Verdict } from './request.ts'
import type { Changes } from '../watch/store-watch.ts'
import { noteColdStarts } from './server-timing.ts'
import { decide, isNavigation, type Answer } from './decide.ts'
import { countGuesses } from './unknown-tag-limit.ts'
import { isLost } from './lost-container.ts'
import { sendProblem } from '../api/problem.ts'
import { isRebuilt, onceRebuilt } from './database-trust.ts'
import type { Reaper } from '../reaper-client.ts'
import { noteRelayed } from './relayed-containers.ts'
import { backTo, isFromHere } from '../admin/same-origin.ts'
import type { noteStreams } from './open-streams.ts'
import { openToldStreams } from '../pages/start-status-stream.ts'
import { isAt, placeIn, upstreamIn } from './upstream.ts'

/** Starts that the machine does at once before they slow each other down (measured: it saturates at 2 to 4). */
const START_LANES = 2

/** The most of an answer's head that nginx reads, bytes: proxy_buffer_size. */
const LARGEST_HEAD = 32 * 1024

/** The distance between two held requests of a preview that are let go, milliseconds. */
const LET_GO_EVERY_MS = 2

export interface Parts {
  config: Config
  store: Store
  nudges: Pick<Nudges, 'nudge'>
  changes: Changes
  activity: ReturnType<typeof noteActivity>
  streams: ReturnType<typeof noteStreams>
  reaper: Pick<Reaper, 'container'>
  log: Log
}

export function door(parts: Parts): express.Express {
  const { config, store, nudges, changes, activity, streams, log } = parts
  const coldStarts = noteColdStarts(store.list())
  const guesses = countGuesses({ store, previews: changes.previews })
  const told = openToldStreams({ store, changes })
  const relayed = noteRelayed(store.get)
  const leaving = new Map<string, number>()
  let held = 0

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')

  // Without a route they come to /wait.
  app.get('/route', (_req, res, next) => (isRebuilt(store) ? next() : no(res)))
  // Of a waiting page that says what is no longer known. It looks again by itself.
  app.get('/events', (_req, res, next) => {
    if (isRebuilt(store)) return next()
    return sendProblem(res.set('Retry-After', '3'), 503, 'Lotan’s database is being rebuilt.')
  })
  app.use(
    onceRebuilt(parts, (req, res) =>
      isQuestion(req.path) ? no(res, 'trouble') : answerTrouble(readRequest(req.headers), res),
    ),
  )

  app.get('/route', (req, res) => {
    const ask = readAsk(req, config, store)
    const answer = look(ask)
    if (answer.do !== 'forward') return no(res)
    seen(ask)
    const first = isFirst(ask, answer.preview, res)
    // With these figures a router that is killed goes unnoticed for 7 s, and no answer outlives the 10 s
    // that a container is left alone after its route has gone. The timing of a cold start is for one response.
    res.set('Cache-Control', first ? 'no-store' : 'max-age=2, stale-while-revalidate=1, stale-if-error=5')
    return yes(ask, res, answer.preview)
  })

  app.get('/wait', (req, res) => hold(readAsk(req, config, store), res))

  app.get('/lost', (req, res) => lost(readAsk(req, config, store), res, 'alive'))

  app.get('/silent', (req, res) => lost(readAsk(req, config, store), res, 'busy'))

  app.get('/interim', (req, res) => {
    const ask = readAsk(req, config, store)
    const preview = ask.tag === null ? undefined : store.get(ask.tag)
    if (preview?.state === 'running' && isAt(store.meta, preview, ask.tried)) relayed.add(preview)
    if (reusable(ask)) return res.set('X-Accel-Redirect', '@cold').end()
    return answerFor({ ask: { ...ask, verdict: 'interim' }, answer: look(ask), config, store }, res)
  })

  app.get('/answer', (req, res) => {
    const ask = readAsk(req, config, store)
    const answer = look(ask)
    answerFor({ ask, answer, config, store }, res)
  })

  app.get('/events', (req, res) => {
    const { tag, request } = readAsk(req, config, store)
    if (tag === null) return noTag(res)
    if (request.method !== 'GET') return notThisWay(res, 'GET')
    return told.stream(tag, res)
  })

  // Anybody who may see the page may press its button; another site may not press it for them.
  app.get('/retry', (req, res) => {
    const ask = readAsk(req, config, store)
    if (ask.tag === null) return noTag(res)
    if (ask.request.method !== 'POST') return notThisWay(res, 'POST')
    if (!isFromHere(ask)) return sendProblem(res, 403, 'Another site asked for this.', { tag: ask.tag })
    if (config.offers(ask.tag) && mayWake(ask.tag)) wake(ask.tag, 'api')
    return res.redirect(303, backTo(ask))
  })

  // The store cannot be written to, or worse. nginx, which only asked, is told no, and comes for an answer with that.
  app.use((error: Error, req: Request, res: Response, next: NextFunction) => {
    log.error({ err: error, ask: req.path, host: req.headers['x-host'] }, 'an ask of nginx failed')
    if (res.headersSent) return next(error)
    if (isQuestion(req.path)) return no(res, 'trouble')
    return answerTrouble(readRequest(req.headers), res)
  })

  /** @param otherwise what a container is whose process runs all the same */
  async function lost(ask: Ask, res: Response, otherwise: 'alive' | 'busy'): Promise<unknown> {
    const preview = ask.tag === null ? undefined : store.get(ask.tag)
    if (ask.received >= LARGEST_HEAD) {
      log.warn({ tag: ask.tag }, 'the response headers of an application are larger than 32 kB')
      return no(res, 'too-large')
    }
    if (preview?.state !== 'running') return reusable(ask) ? hold(ask, res) : no(res, 'spent')
    const moved = !isAt(store.meta, preview, ask.tried)
    if (!moved && (await isLost(preview, parts))) return reusable(ask) ? hold(ask, res) : no(res, 'spent')
    if (!moved && otherwise === 'alive') return no(res, 'alive')
    return reusable(ask) ? yes(ask, res, preview) : no(res, 'spent')
  }

  /** Wakes a preview, unless this only comes back to it, and waits for it as long as this request may wait. */
  async function hold(ask: Ask, res: Response): Promise<unknown> {
    const answer = look(ask)
    if (answer.do === 'forward') return yes(ask, res, answer.preview)
    if (answer.do !== 'wait' || ask.tag === null) return no(res)
    const { tag } = ask
    if (answer.wakes) {
      if (!mayWake(tag)) return no(res, 'unknown')
      wake(tag, 'visit')
      seen(ask)
    }
    if (answer.applied !== null) res.set('Preference-Applied', `wait=${answer.applied / 1_000}`)
    const called = store.get(tag)
    // It was just being stopped, and goes on.
    if (called?.state === 'running') return up(ask, called, res)
    if (answer.until <= Date.now()) return no(res)
    // The waiting page needs no place.
    if (held >= config.maxHeld) return isNavigation(ask.request) ? no(res) : no(res, 'full')

    const gone = new AbortController()
    res.on('close', () => gone.abort())
    held++
    try {
      const settled = await changes.until(() => settledAs(changes.preview(tag)), {
        deadline: answer.until,
        signal: gone.signal,
      })
      if (gone.signal.aborted) return
      if (answer.wakes) seen(ask)
      if (settled?.state !== 'running') return no(res)
      await turn(tag)
      return up(ask, settled, res)
    } finally {
      held--
    }
  }

  /**
   * Fifty connections at once are more than the backlog of a small server: the kernel would drop some, and try again a
   * second later. Those who were held for the same preview are let go one after another.
   */
  async function turn(tag: string): Promise<void> {
    const before = leaving.get(tag) ?? 0
    leaving.set(tag, before + 1)
    if (before > 0) await sleep(before * LET_GO_EVERY_MS)
    const left = leaving.get(tag)! - 1
    if (left > 0) leaving.set(tag, left)
    else leaving.delete(tag)
  }

  /** Lets a request that was asked about again through to what has come up. */
  function up(ask: Ask, preview: In<'running'>, res: Response) {
    isFirst(ask, preview, res)
    return yes(ask, res, preview)
  }

  /** Whether this is the first response after a cold start; it carries how long the start took. */
  function isFirst({ request }: Ask, preview: In<'running'>, res: Response): boolean {
    const timing = request.kind === 'person' ? coldStarts.first(preview) : undefined
    if (timing) res.set('X-Timing', timing)
    return timing !== undefined
  }

  function look(ask: Ask, now = Date.now()): Answer {
    const preview = ask.tag === null ? undefined : store.get(ask.tag)
    const missingUntil = ask.tag === null || preview ? undefined : store.missing(ask.tag, now)
    return decide(
      ask.request,
      {
        ...ask,
        preview,
        missingUntil,
        hold: config.hold,
        offers: config.offers,
        laneFree,
        comesBack: () => streams.comesBack(ask),
      },
      now,
    )
  }

  /** What nobody knows is looked for only so often. */
  function mayWake(tag: string): boolean {
    return store.get(tag) !== undefined || guesses.mayLookFor(tag)
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

  function yes(ask: Ask, res: Response, preview: In<'running'>) {
    streams.passes(ask, Date.now())
    const upstream = relayed.has(preview) ? 'relay' : upstreamIn(store.meta, preview)
    const place = textOf(placeIn(store.meta, preview))
    res.set({ 'X-Upstream': upstream, 'X-Relay': place, 'X-App-Port': preview.generation.port })
    return res.status(200).end()
  }

  function no(res: Response, verdict?: Verdict) {
    if (verdict) res.set('X-Verdict', verdict)
    return res.set('Cache-Control', 'no-store').status(403).end()
  }

  function seen({ tag, request }: Ask) {
    if (tag !== null && request.kind === 'person') activity.seen(tag, Date.now())
  }

  return app
}

/** A preview that has come to where waiting for it ends; undefined while it is on its way. */
function settledAs(preview: Preview | undefined): Preview | { state: 'unknown' } | undefined {
  if (!preview) return { state: 'unknown' }
  return preview.state === 'running' || preview.state === 'failed' || preview.state === 'stopped' ? preview : undefined
}

/** Whether a request can be sent a second time: its body, if it had one, went to the container that was lost. */
function reusable({ request }: Ask): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
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
