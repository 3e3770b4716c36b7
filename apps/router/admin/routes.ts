/** The admin's pages and forms. Plain HTML: every form posts and redirects to a page. */
import { text } from 'node:stream/consumers'
import type { Request, Response } from 'express'
import { urlOf } from '../../shared/config/config.ts'
import { generationOf, type Pin, type Preview } from '../../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText } from '../../shared/slots/slot-scheme.ts'
import { hostOf, isTag } from '../../shared/tag.ts'
import { actorOf } from '../access/caller.ts'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { backOf } from './login.ts'
import { sendMessage, sendPage } from './respond.ts'
import { LOG_LINES, previewDetailOf, type DetailFacts } from '../pages/preview-detail.ts'
import { adminPage, previewPage } from '../pages/render.ts'
import { previewListOf } from '../pages/preview-list.ts'
import type { ListFacts } from '../pages/preview-row.ts'
import { startsSomething, applyAction, applyPin, actions, type PreviewAction } from '../preview-actions.ts'
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'

const HISTORY_LINES = 50
/** Of the tags that may be added. A page with 100 000 would be 4 MB. */
const MOST_SUGGESTED = 100
/** An open page is rendered again with each change, all day: the registry is not asked each time. */
const TAGS_AGE_MS = 30_000

export function adminRoutes({ config, store, nudges, changes, reaper, log }: RouterContext): Route[] {
  return [
    { method: 'GET', path: '/', needs: 'admin', handle: showList },
    { method: 'POST', path: '/previews', needs: 'admin', body: { type: 'form', limit: 4_096 }, handle: addPreview },
    { method: 'GET', path: '/previews/:tag', needs: 'admin', handle: showPreview },
    ...actions.map((action): Route => {
      const path = `/previews/:tag/${action}`
      return { method: 'POST', path, needs: 'admin', handle: (req, res) => act(action, req, res) }
    }),
    {
      method: 'POST',
      path: '/previews/:tag/pin',
      needs: 'admin',
      handle: (req, res) => pin(req, res, { until: null }),
    },
    { method: 'POST', path: '/previews/:tag/unpin', needs: 'admin', handle: (req, res) => pin(req, res, null) },
  ]

  async function showList(req: Request, res: Response) {
    sendPage(res, 200, await listPage(req))
  }

  async function addPreview(req: Request, res: Response) {
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
    await applyAction('start', idOf({ repository: NAMELESS, tag }), 'admin', actorOf(res), { store, nudges })
    return res.redirect(303, '/')
  }

  async function showPreview(req: Request, res: Response) {
    const preview = store.get(previewIn(req))
    return preview ? sendPage(res, 200, await detailPage(preview)) : respondMissing(req, res)
  }

  async function act(action: PreviewAction, req: Request, res: Response) {
    const tag = req.params.tag as string
    if (startsSomething(action) && !config.offers(tag)) {
      const sentence = 'The setting TAG_FILTER does not let it through.'
      const link = { href: '/', name: 'All previews' }
      return sendMessage(res, { problem: 'not-offered', heading: `${tag} is not offered`, sentence, link })
    }
    if (!isTag(tag) || !(await applyAction(action, previewIn(req), 'admin', actorOf(res), { store, nudges })))
      return respondMissing(req, res)
    return res.redirect(303, action === 'remove' ? '/' : backOf(req))
  }

  async function pin(req: Request, res: Response, wanted: Pin | null) {
    const isThere =
      isTag(req.params.tag as string) && (await applyPin(previewIn(req), wanted, actorOf(res), { store, nudges }))
    return isThere ? res.redirect(303, backOf(req)) : respondMissing(req, res)
  }

  async function listPage(req: Request, problem?: ListFacts['problem']) {
    // The page waits for nothing: what is read for it is in the next one.
    void reaper.newerTags({ age: TAGS_AGE_MS, within: 1_000 })
    const previews = changes.previews()
    const added = new Set(previews.map(({ tag }) => tag))
    const { q, state } = req.query
    return adminPage(
      previewListOf({
        config,
        previews,
        suggested: store.newestOffered(NAMELESS, MOST_SUGGESTED, (tag) => config.offers(tag) && !added.has(tag)),
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
    const scheme = slotSchemeIn(store.facts)
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
}

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
  sendMessage(res, { problem: isTag(tag) ? 'no-preview' : 'not-a-tag', heading, sentence, link })
}
