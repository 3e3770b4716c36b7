/** The API below /api/v1. What is said here is described in openapi.ts; a test holds them together. */
import { pipeline } from 'node:stream/promises'
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import type { Nudges } from '../../shared/queue.ts'
import { words } from '../../shared/preview/failure-reason.ts'
import type { Store } from '../../shared/store/store.ts'
import { hostOf, isTag } from '../../shared/tag.ts'
import type { StoreWatch } from '../watch/store-watch.ts'
import { openEvents } from './event-stream.ts'
import { openapi } from './openapi.ts'
import { sendProblem } from './problem.ts'
import type { Reaper } from '../reaper-client.ts'
import { aheadOf } from '../pages/preview-list.ts'
import { reasonOf, viewOf, type View } from './preview-view.ts'
import { waitUntilRunning, type Waited } from './wait.ts'
import { startsSomething, applyAction, type PreviewAction } from '../preview-actions.ts'

const MAX_WAIT_SECONDS = 600
const MAX_TAIL = 10_000

export interface Parts {
  config: Config
  store: Store
  nudges: Pick<Nudges, 'nudge' | 'refresh' | 'ping' | 'workers'>
  changes: StoreWatch
  reaper: Pick<Reaper, 'engine' | 'figures' | 'logs'>
  log: Log
}

/** @param own what lets a change pass only when Lotan's own page, or a program, asked for it */
export function apiRoutes({ config, store, nudges, changes, reaper, log }: Parts, own: RequestHandler): Router {
  const router = express.Router({ caseSensitive: true })
  const events = openEvents(changes, views)
  const description = openapi(config)

  router.param('tag', (_req, res, next, tag: string) => (isTag(tag) ? next() : noSuch(res, tag)))

  at('/previews', {
    get: [(_req, res) => res.json(views())],
    post: [own, express.json({ limit: '4kb' }), add],
  })
  at('/previews/:tag', {
    get: [
      (req, res) => {
        const preview = store.get(tagOf(req))
        return preview ? res.json(view(preview)) : noSuch(res, tagOf(req))
      },
    ],
    delete: [own, asked('remove')],
  })
  at('/previews/:tag/start', { post: [own, asked('start')] })
  at('/previews/:tag/stop', { post: [own, asked('stop')] })
  at('/previews/:tag/restart', { post: [own, asked('restart')] })
  at('/previews/:tag/refresh', { post: [own, refresh] })
  // A GET, but one that starts something.
  at('/previews/:tag/wait', { get: [own, wait] })
  at('/previews/:tag/logs', { get: [logs] })
  at('/previews/:tag/events', {
    get: [(req, res) => (store.get(tagOf(req)) ? events.stream(res, tagOf(req)) : noSuch(res, tagOf(req)))],
  })
  at('/events', { get: [(_req, res) => events.stream(res)] })
  at('/tags', { get: [(_req, res) => res.json(tags())] })
  at('/openapi.json', { get: [(_req, res) => res.json(description)] })
  router.use((req, res) =>
    sendProblem(res, 404, `The API has no ${req.path}. It is described at /api/v1/openapi.json.`),
  )

  /** One path, its methods, and 405 for all others. */
  function at(path: string, methods: Partial<Record<'get' | 'post' | 'delete', RequestHandler[]>>) {
    const route = router.route(path)
    for (const [method, handlers] of Object.entries(methods)) route[method as 'get'](...handlers)
    const names = Object.keys(methods).map((method) => method.toUpperCase())
    const allowed = [...names, ...(methods.get ? ['HEAD'] : [])].join(', ')
    route.all((req, res) => {
      res.set('Allow', allowed)
      sendProblem(res, 405, `${req.method} means nothing here. Allowed: ${allowed}.`)
    })
  }

  async function add(req: Request, res: Response) {
    if (req.is('json') === false) return sendProblem(res, 415, 'Send {"tag": …} as Content-Type: application/json.')
    const { tag } = (req.body ?? {}) as { tag?: unknown }
    if (typeof tag !== 'string' || !isTag(tag)) return sendProblem(res, 400, 'Send {"tag": …} with a valid image tag.')
    res.location(`/api/v1/previews/${encodeURIComponent(tag)}`)
    return accept('start', tag, res)
  }

  function asked(wish: PreviewAction): RequestHandler {
    return (req, res) => accept(wish, tagOf(req), res)
  }

  async function accept(wish: PreviewAction, tag: string, res: Response) {
    if (startsSomething(wish) && !config.offers(tag)) return notOffered(res, tag)
    const preview = await applyAction(wish, tag, 'api', { store, nudges })
    return preview ? res.status(202).json(view(preview)) : noSuch(res, tag)
  }

  async function refresh(req: Request, res: Response) {
    // Noted, so that a start that comes before it is done has the newest image.
    const preview = store.apply(tagOf(req), { type: 'refresh' }) ?? store.get(tagOf(req))
    if (!preview) return noSuch(res, tagOf(req))
    await nudges.refresh(preview)
    return res.status(202).json(view(preview))
  }

  async function wait(req: Request, res: Response) {
    const seconds = numberIn(req.query.timeout, 60, MAX_WAIT_SECONDS)
    if (seconds === undefined) return sendProblem(res, 400, `timeout is seconds, 0 to ${MAX_WAIT_SECONDS}.`)
    if (!config.offers(tagOf(req))) return notOffered(res, tagOf(req))
    const { signal } = leaving(res)
    const deadline = Date.now() + seconds * 1_000
    const waited = await waitUntilRunning(tagOf(req), { store, nudges, changes }, { deadline, signal })
    if (signal.aborted) return undefined
    if (waited.end === 'running') return res.json(view(waited.preview))
    return sendProblem(res, ...problemOfWait(tagOf(req), waited, seconds))
  }

  async function logs(req: Request, res: Response) {
    const tag = tagOf(req)
    const { tail, follow } = req.query
    const lines = tail === 'all' ? tail : numberIn(tail, 200, MAX_TAIL, /^\d+$/)
    if (lines === undefined) return sendProblem(res, 400, `tail is a number of lines, 0 to ${MAX_TAIL}, or all.`)
    if (follow !== undefined && follow !== '0' && follow !== '1') return sendProblem(res, 400, 'follow is 0 or 1.')

    const preview = store.get(tag)
    if (!preview) return noSuch(res, tag)
    const container = generationOf(preview)?.container
    const none = () => sendProblem(res, 404, `${tag} has no container now.`, aboutOf(preview))
    if (!container) return none()
    const { signal } = leaving(res)
    let output
    try {
      output = await reaper.logs(container, { tail: lines, follow: follow === '1', signal })
    } catch (error) {
      if (signal.aborted) return undefined
      log.warn({ tag, err: error }, 'the reaper gave no log')
      return sendProblem(res, 503, 'The reaper, which reads logs, does not answer. Try again.', aboutOf(preview))
    }
    if (!output) return none()
    res.set({ 'Content-Type': 'text/plain; charset=utf-8', 'X-Accel-Buffering': 'no' }).flushHeaders()
    // Whichever side ends, the other one does.
    return pipeline(output, res).catch(() => {})
  }

  function views(): View[] {
    const previews = changes.previews()
    const facts = { lately: store.lately(), now: Date.now(), naming: config }
    return previews.map((preview) => viewOf(preview, { ...facts, ahead: aheadOf(preview, previews) }))
  }

  function view(preview: Preview): View {
    const ahead = preview.state === 'queued' ? store.ahead(preview) : 0
    return viewOf(preview, { ahead, lately: store.lately(), now: Date.now(), naming: config })
  }

  function tags() {
    const offered = store.offered().filter(({ tag }) => config.offers(tag))
    const previews = new Map(changes.previews().map((preview) => [preview.tag, preview]))
    return offered.map(({ tag, digest: known }) => {
      const preview = previews.get(tag)
      const host = hostOf(tag, config)
      const digest = known ?? preview?.image?.digest ?? null
      return { tag, digest, preview: preview !== undefined, host, url: urlOf(host, config) }
    })
  }

  return router
}

function tagOf(req: Request): string {
  return req.params.tag as string
}

function aboutOf(preview: Preview) {
  return { tag: preview.tag, state: preview.state, reason: reasonOf(preview)?.code }
}

function notOffered(res: Response, tag: string) {
  sendProblem(res, 403, `TAG_FILTER does not offer ${tag}.`, { tag })
}

function noSuch(res: Response, tag: string) {
  const why = isTag(tag) ? 'There is no preview of this tag.' : 'This is no valid image tag.'
  sendProblem(res, 404, why, isTag(tag) ? { tag, state: 'unknown' } : {})
}

function problemOfWait(
  tag: string,
  waited: Exclude<Waited, { end: 'running' }>,
  seconds: number,
): [status: number, detail: string, about: { tag: string; state: string; reason?: string; advice?: string }] {
  const about = waited.preview ? aboutOf(waited.preview) : { tag, state: 'unknown' }
  switch (waited.end) {
    case 'failed': {
      const { sentence, advice } = words(tag, waited.preview.reason)
      // The first advice is for who can mend it.
      return [502, sentence, { ...about, advice: advice[0]?.what }]
    }
    case 'stopped':
      return [409, `${tag} was ${endOf(waited.preview)}.`, about]
    case 'late':
      if (waited.missing) return [504, `The registry has no ${tag} yet, after ${seconds} s.`, about]
      if (about.state === 'running')
        return [504, `${tag} runs, but its newer image has not taken over yet, after ${seconds} s.`, about]
      return [504, `${tag} does not run yet, after ${seconds} s: it is ${about.state}.`, about]
  }
}

/** How what somebody waited for has ended instead. */
function endOf(preview: Preview | undefined): string {
  if (!preview || preview.state === 'removing') return 'removed by somebody else'
  const why = 'why' in preview ? preview.why : ''
  return ends[why] ?? 'stopped by somebody else'
}

const ends: Record<string, string> = {
  idle: 'stopped, since nobody used it',
  lifetime: 'stopped: its lifetime is over',
  room: 'stopped to make room for another preview',
  disk: 'stopped to make room on the disk of the engine',
  moved: 'stopped, since previews are reached in another way now',
  exited: 'stopped: its container ended by itself',
}

/** A number in a query, or undefined for anything else. */
function numberIn(text: unknown, standard: number, most: number, form = /^\d+(\.\d+)?$/): number | undefined {
  if (text === undefined) return standard
  if (typeof text !== 'string' || !form.test(text)) return undefined
  return Number(text) <= most ? Number(text) : undefined
}

/** Raised when the client leaves before it is answered, and once it is. */
function leaving(res: Response): AbortController {
  const left = new AbortController()
  res.on('close', () => left.abort())
  return left
}
