/** The list, its form that adds, and the buttons of its rows. Plain HTML: every form posts and redirects to a page. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { meantBy } from '../../shared/preview/copy.ts'
import type { Request, Response } from 'express'
import { urlOf } from '../../shared/config/config.ts'
import { idOf, type PreviewId } from '../../shared/preview/preview-id.ts'
import { hostOf } from '../../shared/tag.ts'
import { actorOf } from '../access/caller.ts'
import type { Route } from '../access/route.ts'
import { previewIn } from '../api/conventions/input.ts'
import { openChanges } from '../changes/open-changes.ts'
import type { RouterContext } from '../context.ts'
import { allStackRows } from '../services/stack-rows.ts'
import { sortOf } from '../pages/list/order.ts'
import { previewListOf } from '../pages/list/list.ts'
import type { ListFacts } from '../pages/list/row.ts'
import { adminPage, listNews } from '../pages/render.ts'
import type { RowAction } from '../pages/list/row-actions.ts'
import { doneWords } from '../words/done-words.ts'
import { fullOf } from '../words/full-words.ts'
import { addedBy } from './added.ts'
import { actOnAll, rowActions, undoOf, type Done } from './form-actions.ts'
import { listFacts } from './list-facts.ts'
import { backOf } from './login.ts'
import { pinOf } from './pin-form.ts'
import { ofPreview, previewPaths } from './preview-paths.ts'
import { sendBarred, sendNoPreview, sendNoSpan, sendNotOffered, sendPage } from './respond.ts'

/** Of the tags that may be added. A page with 100 000 would be 4 MB. */
const MOST_SUGGESTED = 100
/** Of each repository, where there are many. */
const LEAST_SUGGESTED = 20
/** An open page is rendered again with each change, all day: the registry is not asked each time. */
const TAGS_AGE_MS = 30_000
/** A thousand tags of 40 characters each; nginx lets no more through. */
const LARGEST_SELECTION = 60_000

export function listRoutes(context: RouterContext): Route[] {
  const { brand, config, store, changes, reaper } = context
  const factsOf = listFacts(context)
  const shown = openChanges(context)
  return [
    { method: 'GET', path: '/', needs: 'admin', handle: showList },
    { method: 'POST', path: '/previews', needs: 'admin', body: { type: 'form', limit: 4_096 }, handle: addPreview },
    {
      method: 'POST',
      path: '/list',
      needs: 'admin',
      body: { type: 'json', limit: LARGEST_SELECTION },
      handle: sendNews,
    },
    ...rowActions.flatMap((action): Route[] => [
      ...previewPaths.map((path): Route => ({
        method: 'POST',
        path: `${path}/${action}`,
        needs: 'admin',
        ...(action === 'pin' && { body: { type: 'form', limit: 4_096 } as const }),
        handle: ofPreview(context, (req, res) => actOnOne(action, req, res)),
      })),
      {
        method: 'POST',
        path: `/selected/${action}`,
        needs: 'admin',
        body: { type: 'form', limit: LARGEST_SELECTION },
        handle: (req, res) => actOnSelected(action, req, res),
      },
    ]),
  ]

  async function showList(req: Request, res: Response) {
    sendPage(res, 200, await listPage(req))
  }

  /** A page of 500 rows is 700 kB, of which a moment later a few have changed. */
  async function sendNews(req: Request, res: Response) {
    const { page, have } = (req.body ?? {}) as { page?: unknown; have?: unknown }
    const { searchParams } = new URL(String(page), 'http://list')
    const list = await listOf(Object.fromEntries(searchParams))
    return res.json(listNews(list, (have ?? {}) as Record<string, unknown>, brand))
  }

  async function addPreview(req: Request, res: Response) {
    const asked = addedBy((req.body ?? {}) as Record<string, unknown>, config)
    if ('problem' in asked) {
      const { status, problem } = asked
      return isByScript(req)
        ? res.status(status).json({ says: problem.sentence })
        : sendPage(res, status, await listPage(req, problem))
    }
    const id = meant(asked.id)
    const done = await actOnAll('start', [id], actorOf(res), context)
    if (isByScript(req)) return sendDone(res, 'start', done)
    const [why] = done.barred
    return why ? sendBarred(res, id, why) : res.redirect(303, '/')
  }

  async function actOnOne(action: RowAction, req: Request, res: Response) {
    const id = previewIn(req)
    const pin = pinOf((req.body ?? {}) as Record<string, unknown>, Date.now())
    if (!pin) return sendNoSpan(res, id)
    const done = await actOnAll(action, [id], actorOf(res), context, pin)
    if (isByScript(req)) return sendDone(res, action, done)
    if (done.refused.length) return sendNotOffered(res, id)
    if (done.barred[0]) return sendBarred(res, id, done.barred[0])
    if (!done.ids.length) return sendNoPreview(res, id)
    const back = backOf(req)
    // The list says that it goes, and may keep it.
    return res.redirect(303, action === 'remove' && /^\/(previews|repositories)\//.test(back) ? '/' : back)
  }

  async function actOnSelected(action: RowAction, req: Request, res: Response) {
    const pin = pinOf((req.body ?? {}) as Record<string, unknown>, Date.now())
    const done = await actOnAll(action, idsIn(req.body).map(meant), actorOf(res), context, pin)
    return isByScript(req) ? sendDone(res, action, done) : res.redirect(303, backOf(req))
  }

  function meant(id: PreviewId): PreviewId {
    return meantBy(id, (copy) => store.get(copy) !== undefined)
  }

  async function listPage(req: Request, problem?: ListFacts['problem']) {
    return adminPage(await listOf(req.query, problem), brand)
  }

  async function listOf({ q, state, of, sort }: Record<string, unknown>, problem?: ListFacts['problem']) {
    // The page waits for nothing: what is read for it is in the next one.
    for (const { name } of config.repositories) void reaper.newerTags(name, { age: TAGS_AGE_MS, within: 1_000 })
    const previews = changes.previews()
    const added = new Set(previews.map(idOf))
    const rowsOf = allStackRows(store)
    return previewListOf({
      config,
      previews,
      suggested: new Map(config.repositories.map(({ name }) => [name, suggestedOf(name, added)])),
      ...(await factsOf(previews)),
      full: fullOf(store, config, Date.now()),
      recentDurations: store.lately(),
      address: (id: PreviewId) => urlOf(hostOf(id, config), config),
      servicesOf: (id) => rowsOf(id).services,
      changeOf: shown.all(),
      barred: store.barred(previews, Date.now()),
      asking: asking(added),
      q: typeof q === 'string' ? q : '',
      state: typeof state === 'string' ? state : '',
      of: typeof of === 'string' ? of : '',
      sort: sortOf(sort),
      problem,
      now: Date.now(),
    })
  }

  /** Those without a preview: no row says that they wait. */
  function asking(added: ReadonlySet<PreviewId>): ListFacts['asking'] {
    if (config.forge?.forks !== 'ask') return []
    return store.changes.asking().flatMap((change) => {
      const [tag] = store.changes.tagsOf(change)
      const id = tag === undefined ? undefined : idOf({ repository: change.repository, tag })
      return id === undefined || added.has(id) || !config.offers(id) ? [] : { id, change }
    })
  }

  function suggestedOf(repository: string, added: ReadonlySet<PreviewId>) {
    const most = Math.max(LEAST_SUGGESTED, Math.floor(MOST_SUGGESTED / config.repositories.length))
    return store.newestOffered(repository, most, (tag) => {
      const id = idOf({ repository, tag })
      return config.offers(id) && !added.has(id)
    })
  }
}

/** The page's own script stays where it is, and shows what was done. */
function isByScript(req: Request): boolean {
  return req.headers.accept === 'application/json'
}

function sendDone(res: Response, action: RowAction, done: Done) {
  const undo = done.ids.length > 0 ? undoOf(action) : undefined
  return res.status(done.ids.length > 0 ? 200 : done.barred.length > 0 ? 409 : 404).json({
    says: doneWords(action, done),
    undo: undo ? { path: `/selected/${undo}`, tags: done.ids.map(shownTag) } : null,
  })
}

/** As the rows have them: `pr-7`, `api/pr-7`. */
function idsIn(body: unknown): PreviewId[] {
  const { tag } = (body ?? {}) as { tag?: unknown }
  return [tag].flat().filter((one) => typeof one === 'string')
}
