/**
 * What nginx asks about previews' hosts, in the order a request meets it:
 *
 *   /route   which slot serves this host? Never waits, changes nothing; nginx keeps a yes for 2 s.
 *   /wait    nobody serves it: wakes it, and answers when it is up, or when this kind of request has waited enough.
 *   /lost    the slot dropped the request: looks at the container first, then as /wait.
 *   /silent  the slot did not even accept it: the same, but a container that is well is tried again, patiently.
 *   /answer  what the visitor gets instead of the application: a page, or a problem.
 *
 * A yes is 200 with X-Upstream, a no is 403; nginx passes X-Verdict of a no on to /answer.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Response } from 'express'
import type { Config, Place } from '../shared/config.ts'
import type { Log } from '../shared/log.ts'
import type { In, Preview } from '../shared/preview.ts'
import type { Nudges } from '../shared/queue.ts'
import { placeOf, placesIn, upstreamOf, type Places } from '../shared/places.ts'
import type { Store } from '../shared/store.ts'
import type { noteActivity } from './activity.ts'
import { answerFor } from './answer.ts'
import { readAsk, type Ask } from './ask.ts'
import type { Changes } from './changes.ts'
import { noteColdStarts } from './cold-starts.ts'
import { decide, type Answer } from './decide.ts'
import { countGuesses } from './guesses.ts'
import { holds } from './knock.ts'
import type { Look, Reaper } from './reaper-client.ts'
import { streamTold } from './told-stream.ts'

/** Starts that the machine does at once before they slow each other down (measured: it saturates at 2 to 4). */
const START_LANES = 2

/** How long the reaper, which may be restarting, is asked about a container that did not answer. Milliseconds. */
const LOOK_MS = 4_000
const LOOK_AGAIN_MS = 250
/** A process that ends has closed its port when so long has passed since it closed a connection. Milliseconds. */
const MOMENT_MS = 50
/** The distance between two held requests of a preview that are let go, milliseconds. */
const LET_GO_EVERY_MS = 2

export interface Parts {
  config: Config
  store: Store
  nudges: Pick<Nudges, 'nudge'>
  changes: Changes
  activity: ReturnType<typeof noteActivity>
  reaper: Pick<Reaper, 'container'>
  log: Log
}

export function door(parts: Parts): express.Express {
  const { config, store, nudges, changes, activity, reaper, log } = parts
  const coldStarts = noteColdStarts(store.list())
  const guesses = countGuesses({ store, previews: changes.previews })
  const leaving = new Map<string, number>()
  let held = 0

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')

  app.get('/route', (req, res) => {
    const ask = readAsk(req, config, store)
    const answer = look(ask)
    if (answer.do !== 'forward') return no(res)
    seen(ask)
    const first = isFirst(ask, answer.preview, res)
    // The figures are DESIGN's: with them, a router that is killed goes unnoticed for 7 s, and no answer outlives the
    // 10 s that a container is left alone after its route has gone. The timing of a cold start is for one response.
    res.set('Cache-Control', first ? 'no-store' : 'max-age=2, stale-while-revalidate=1, stale-if-error=5')
    return yes(res, answer.preview)
  })

  app.get('/wait', (req, res) => hold(readAsk(req, config, store), res))

  app.get('/lost', (req, res) => lost(readAsk(req, config, store), res, 'alive'))

  app.get('/silent', (req, res) => lost(readAsk(req, config, store), res, 'busy'))

  app.get('/answer', (req, res) => {
    const ask = readAsk(req, config, store)
    const answer = look(ask)
    answerFor({ ask, answer, config, store }, res)
  })

  app.get('/events', (req, res) => {
    const { tag } = readAsk(req, config, store)
    if (tag === null) return no(res)
    return streamTold(tag, { store, changes }, res)
  })

  // Anybody who may see the page may press its button; another site may not press it for them.
  app.get('/retry', (req, res) => {
    const ask = readAsk(req, config, store)
    if (!ask.tag || ask.request.method !== 'POST') return no(res)
    if (ask.fetchSite && ask.fetchSite !== 'same-origin') return no(res)
    if (config.offers(ask.tag) && mayWake(ask.tag)) wake(ask.tag, 'api')
    return res.redirect(303, backTo(ask))
  })

  /** @param otherwise what a container is whose process runs all the same */
  async function lost(ask: Ask, res: Response, otherwise: 'alive' | 'busy'): Promise<unknown> {
    const preview = ask.tag === null ? undefined : store.get(ask.tag)
    if (preview?.state !== 'running') return reusable(ask) ? hold(ask, res) : no(res, 'spent')
    const moved = upstream(preview) !== ask.tried
    if (!moved && (await isLost(preview))) return reusable(ask) ? hold(ask, res) : no(res, 'spent')
    if (!moved && otherwise === 'alive') return no(res, 'alive')
    return reusable(ask) ? yes(res, preview) : no(res, 'spent')
  }

  /** Wakes a preview and waits for it as long as this request may wait. */
  async function hold(ask: Ask, res: Response): Promise<unknown> {
    const answer = look(ask)
    if (answer.do === 'forward') return yes(res, answer.preview)
    if (answer.do !== 'wait' || ask.tag === null) return no(res)
    const { tag } = ask
    if (!mayWake(tag)) return no(res, 'unknown')
    wake(tag, 'visit')
    seen(ask)
    if (answer.applied !== null) res.set('Preference-Applied', `wait=${answer.applied / 1_000}`)
    const called = store.get(tag)
    // It was just being stopped, and goes on.
    if (called?.state === 'running') return up(ask, called, res)
    if (answer.until <= Date.now()) return no(res)
    if (held >= config.maxHeld) return no(res, 'full')

    const gone = new AbortController()
    res.on('close', () => gone.abort())
    held++
    try {
      const settled = await changes.until(() => settledAs(changes.preview(tag)), {
        deadline: answer.until,
        signal: gone.signal,
      })
      if (gone.signal.aborted) return
      seen(ask)
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
    return yes(res, preview)
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
      { ...ask, preview, missingUntil, hold: config.hold, offers: config.offers, laneFree },
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

  /** Whether a running preview's container is really gone. In doubt it is not: a wrong yes would restart it in use. */
  async function isLost(preview: In<'running'>): Promise<boolean> {
    const { tag, generation } = preview
    const end = Date.now() + LOOK_MS
    for (let looks = 0; ;) {
      const found = await reaper.container(generation.container).catch(() => undefined)
      const now = store.get(tag)
      // Somebody else has found out meanwhile, and a container that was started again is the same one.
      if (now?.state !== 'running' || upstream(now) !== upstream(preview)) return true
      if (found && ('gone' in found || !found.running)) return voidRoute(preview, found)
      // The application's end is seen by its clients first, and by the engine a moment later.
      if (found && (++looks > 1 || (await stays(placeOf(places(), generation))))) return false
      if (Date.now() >= end) {
        log.warn({ tag }, 'the reaper could not be asked about a container')
        return false
      }
      await sleep(LOOK_AGAIN_MS)
    }
  }

  async function voidRoute({ tag, generation }: In<'running'>, found: Look): Promise<true> {
    const gone = 'gone' in found
    const exitCode = gone ? undefined : (found.exitCode ?? undefined)
    const detail = gone ? 'the container was removed by somebody else' : `exit status ${exitCode}`
    const reason = { code: 'exited' as const, detail, exitCode }
    const exited = store.apply(tag, { type: 'exited', generation: generation.number, gone, reason })
    if (exited) void nudges.nudge(exited)
    return true
  }

  /** What runs has a place, so that they are known. */
  function places(): Places {
    return placesIn(store.meta)!
  }

  function upstream({ generation }: In<'running'>): string {
    return upstreamOf(generation, places(), Number(store.meta.get('pool_port_in_use') ?? 0))
  }

  function yes(res: Response, preview: In<'running'>) {
    return res.set('X-Upstream', upstream(preview)).status(200).end()
  }

  function no(res: Response, verdict = '') {
    if (verdict) res.set('X-Verdict', verdict)
    return res.set('Cache-Control', 'no-store').status(403).end()
  }

  function seen({ tag, request }: Ask) {
    if (tag !== null && request.kind === 'person') activity.seen(tag, Date.now())
  }

  return app
}

/**
 * Whether somebody accepts a connection and keeps it, and does so a moment later still: a process that ends closes its
 * connections before its port. That it is accepted alone proves nothing: at a published port the engine accepts.
 */
async function stays({ host, port }: Place): Promise<boolean> {
  return (await holds(host, port, MOMENT_MS)) && (await holds(host, port, MOMENT_MS))
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

/** The path of the page a form was on, on this very host; `/` where that cannot be told. */
function backTo({ referer, host }: Ask): string {
  const url = URL.parse(referer)
  return url?.hostname === host ? `${url.pathname}${url.search}`.replace(/^\/{2,}/, '/') : '/'
}
