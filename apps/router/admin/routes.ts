/** The admin's pages and forms. Plain HTML: every form posts and redirects to a page. */
import { text } from 'node:stream/consumers'
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { urlOf } from '../../shared/config/config.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText } from '../../shared/slots/slot-scheme.ts'
import { hostOf, isTag } from '../../shared/tag.ts'
import type { RouterContext } from '../context.ts'
import { backOf, sendPage } from './login.ts'
import { LOG_LINES, previewDetailOf, type DetailFacts } from '../pages/preview-detail.ts'
import { adminPage, messagePage, previewPage } from '../pages/render.ts'
import { previewListOf } from '../pages/preview-list.ts'
import type { ListFacts } from '../pages/preview-row.ts'
import { startsSomething, applyAction, actions, type PreviewAction } from '../preview-actions.ts'
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'

const HISTORY_LINES = 50

/** @param own lets a change pass only when Lotan's own page made it */
export function adminRoutes(
  { config, store, nudges, changes, reaper, log }: RouterContext,
  own: RequestHandler,
): Router {
  const router = express.Router({ caseSensitive: true })
  const form = express.urlencoded({ extended: false, limit: '4kb' })

  router.get('/', async (req, res) => sendPage(res, 200, await listPage(req)))

  router.post('/previews', own, form, async (req, res) => {
    const { tag: given } = (req.body ?? {}) as { tag?: unknown }
    const tag = typeof given === 'string' ? given.trim() : ''
    if (!isTag(tag)) {
      const sentence = 'That is no tag. A tag has letters, digits, dots, dashes and underscores.'
      return sendPage(res, 400, await listPage(req, { tag, sentence }))
    }
    if (!config.offers(tag)) {
      const sentence = 'That tag is not offered: the setting TAG_FILTER does not let it through.'
      return sendPage(res, 403, await listPage(req, { tag, sentence }))
    }
    await applyAction('start', idOf({ repository: NAMELESS, tag }), 'admin', { store, nudges })
    return res.redirect(303, '/')
  })

  router.get('/previews/:tag', async (req, res) => {
    const preview = store.get(previewIn(req))
    return preview ? sendPage(res, 200, await detailPage(preview)) : respondMissing(req, res)
  })

  for (const action of actions) router.post(`/previews/:tag/${action}`, own, (req, res) => act(action, req, res))

  router.all(
    ['/', '/previews', '/previews/:tag', ...actions.map((action) => `/previews/:tag/${action}`)],
    (req, res) => {
      res.set('Allow', /^\/(previews\/[^/]+)?$/.test(req.path) ? 'GET, HEAD' : 'POST')
      const link = { href: '/', name: 'Go to the admin page' }
      const sentence = 'This address does not take requests of this kind.'
      sendPage(res, 405, messagePage({ status: 405, heading: 'Not this way', sentence, link }))
    },
  )

  async function act(action: PreviewAction, req: Request, res: Response) {
    const tag = req.params.tag as string
    if (startsSomething(action) && !config.offers(tag)) {
      const sentence = 'The setting TAG_FILTER does not let it through.'
      const link = { href: '/', name: 'All previews' }
      return sendPage(res, 403, messagePage({ status: 403, heading: `${tag} is not offered`, sentence, link }))
    }
    if (!isTag(tag) || !(await applyAction(action, previewIn(req), 'admin', { store, nudges })))
      return respondMissing(req, res)
    return res.redirect(303, action === 'remove' ? '/' : backOf(req))
  }

  async function listPage(req: Request, problem?: ListFacts['problem']) {
    const previews = changes.previews()
    const { q, state } = req.query
    return adminPage(
      previewListOf({
        config,
        previews,
        offered: store.offered(NAMELESS).filter(({ tag }) => config.offers(tag)),
        figures: await figuresOf(previews),
        recentDurations: store.lately(),
        address,
        q: typeof q === 'string' ? q : '',
        state: typeof state === 'string' ? state : '',
        problem,
        now: Date.now(),
      }),
    )
  }

  async function detailPage(preview: Preview) {
    const generation = generationOf(preview)
    const scheme = slotSchemeIn(store.meta)
    const { slot, port } = generation ?? { slot: null, port: 0 }
    const [figures, lines] = await Promise.all([figuresOf([preview]), logOf(generation?.container ?? null)])
    return previewPage(
      previewDetailOf({
        config,
        preview,
        ahead: preview.state === 'queued' ? store.ahead(preview) : 0,
        recentDurations: store.lately(),
        address: address(idOf(preview)),
        slotAddress: scheme && slot !== null ? hostPortText(hostPortOf(scheme, { slot, port })) : null,
        figures: figures[generation?.container ?? ''],
        history: store.history(idOf(preview), HISTORY_LINES),
        log: lines,
        now: Date.now(),
      }),
    )
  }

  function address(id: PreviewId): string {
    return urlOf(hostOf(id, config), config)
  }

  /** The page works without figures. */
  async function figuresOf(previews: readonly Preview[]) {
    if (!previews.some((preview) => generationOf(preview)?.container)) return {}
    return reaper.figures().catch((error: Error) => {
      log.warn({ err: error }, 'the reaper gave no figures')
      return {}
    })
  }

  async function logOf(container: string | null): Promise<DetailFacts['log']> {
    if (container === null) return null
    try {
      const signal = AbortSignal.timeout(1_000)
      const output = await reaper.logs(container, { tail: LOG_LINES, follow: false, signal })
      if (!output) return null
      const lines = (await text(output)).trimEnd()
      return lines ? lines.split('\n') : []
    } catch (error) {
      log.warn({ err: error }, 'the reaper gave no log')
      return { unreadable: 'The reaper, which reads logs, does not answer.' }
    }
  }

  return router
}

/** The preview that a path names. */
function previewIn(req: Request): PreviewId {
  return idOf({ repository: NAMELESS, tag: req.params.tag as string })
}

function respondMissing(req: Request, res: Response) {
  const tag = req.params.tag as string
  const sentence = isTag(tag)
    ? 'It was removed, or never asked for. Add it on the admin page to start it.'
    : 'An image tag has letters, digits, dots, dashes and underscores.'
  const heading = isTag(tag) ? `There is no preview ${tag}` : 'That is no container tag'
  const link = { href: '/', name: 'All previews' }
  sendPage(res, 404, messagePage({ status: 404, heading, sentence, link }))
}
