/** The page of one preview and its own forms. Those that the list has too are in routes.ts. */
import { isCopyName, shownTag } from '../../shared/preview/copy-tag.ts'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Request, Response } from 'express'
import { spanOf } from '../../shared/api/span.ts'
import { logFields, splitId } from '../../shared/preview/preview-id.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { MOST_SHARES } from '../../shared/store/store.ts'
import { kindOf } from '../../shared/api/problems.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import { askForCopy } from '../copies.ts'
import { pathOf } from '../pages/preview-path.ts'
import type { Route } from '../access/route.ts'
import { previewIn, untilClosed } from '../api/conventions/input.ts'
import type { RouterContext } from '../context.ts'
import { noServiceWords, partOf } from '../services/part.ts'
import { endShare, makeShare } from '../shares.ts'
import { backOf } from './login.ts'
import { detailPage, pageWithoutPreview, type Wanted } from './preview-page.ts'
import { ofPreview, previewPaths } from './preview-paths.ts'
import { backTo, sendMessage, sendNoCopyName, sendNoPreview, sendNoSpan, sendNotOffered, sendPage } from './respond.ts'

/** A copy without much data takes a fraction of a second. */
const [COPY_LOOKS, COPY_LOOK_MS] = [30, 100]

export function previewRoutes(context: RouterContext): Route[] {
  const { config, store, reaper, log } = context
  const form = { type: 'form', limit: 4_096 } as const
  const post = { method: 'POST', needs: 'admin' } as const
  return previewPaths.flatMap((path): Route[] => [
    { method: 'GET', path, needs: 'admin', handle: ofPreview(context, showPreview) },
    { method: 'GET', path: `${path}/log.txt`, needs: 'admin', handle: ofPreview(context, sendLog) },
    { ...post, path: `${path}/shares`, body: form, handle: ofPreview(context, addShare) },
    { ...post, path: `${path}/copies`, body: form, handle: ofPreview(context, addCopy) },
    { ...post, path: `${path}/shares/:id/end`, handle: ofPreview(context, removeShare) },
  ])

  async function showPreview(req: Request, res: Response) {
    const { q, log, service } = req.query
    const wanted = { q: textOf(q), withLog: log !== '0', service: textOf(service) }
    await send(req, res, 200, wanted)
  }

  async function send(req: Request, res: Response, status: number, wanted: Wanted) {
    const preview = known(req)
    const page = preview ? await detailPage(context, preview, wanted) : pageWithoutPreview(context, previewIn(req))
    return page ? sendPage(res, status, page) : sendNoPreview(res, previewIn(req))
  }

  /** The answer alone has the link itself: a redirect would have to carry it. */
  async function addShare(req: Request, res: Response) {
    const sent = (req.body ?? {}) as Record<string, unknown>
    if (!config.offers(previewIn(req))) return sendNotOffered(res, previewIn(req))
    const lasts = typeof sent.for === 'string' ? spanOf(sent.for) : undefined
    if (lasts === undefined || lasts > spanOf('365d')!) return sendNoSpan(res, previewIn(req))
    if (!known(req)) return sendNoPreview(res, previewIn(req))
    const made = makeShare(previewIn(req), lasts, actorOf(res), context)
    if (made) return send(req, res, 201, { q: '', withLog: true, service: '', made })
    return sendMessage(res, {
      problem: 'too-many-shares',
      heading: 'There are too many share links',
      sentence: `${MOST_SHARES} is the most. End some that are not needed any more.`,
      link: backTo(previewIn(req)),
    })
  }

  /** It leads to the copy where that is there in a moment. */
  async function addCopy(req: Request, res: Response) {
    const { as, how } = (req.body ?? {}) as Record<string, unknown>
    const of = previewIn(req)
    if (!known(req)) return sendNoPreview(res, of)
    if (typeof as !== 'string' || !isCopyName(as)) return sendNoCopyName(res, of)
    const wanted = { as, kept: how === 'keep', lasts: undefined }
    const asked = await askForCopy(of, wanted, actorOf(res), callerOf(res).sees, context)
    if ('problem' in asked)
      return sendMessage(res, { ...asked, heading: kindOf(asked.problem).title, link: backTo(of) })
    for (let looks = 0; looks < COPY_LOOKS && !store.get(asked.copy); looks++) await sleep(COPY_LOOK_MS)
    return res.redirect(303, pathOf(store.get(asked.copy) ? asked.copy : of))
  }

  function removeShare(req: Request, res: Response) {
    const isOfPreview = store.shares
      .list(Date.now())
      .some(({ id, preview }) => id === req.params.id && preview === previewIn(req))
    if (isOfPreview && endShare(req.params.id as string, actorOf(res), context)) return res.redirect(303, backOf(req))
    const sentence = 'It was ended, or is over. It opens nothing any more.'
    return sendMessage(res, {
      problem: 'no-share',
      heading: 'There is no such share link',
      sentence,
      link: backTo(previewIn(req)),
    })
  }

  /** All that it has written, as a file. */
  async function sendLog(req: Request, res: Response) {
    const preview = known(req)
    if (!preview) return sendNoPreview(res, previewIn(req))
    const id = previewIn(req)
    const part = partOf(preview, textOf(req.query.service), store.services.of(id))
    const container = part?.container
    const { repository, tag } = splitId(id)
    try {
      const signal = untilClosed(res)
      const output = container && (await reaper.logs(container, { tail: 'all', follow: false, signal }))
      if (output) {
        res
          .attachment(`${[repository, shownTag(tag), part.service].filter(Boolean).join('-')}.log.txt`)
          .set('Content-Type', 'text/plain; charset=utf-8')
        return await pipeline(output, res).catch(() => {})
      }
    } catch (error) {
      log.warn({ ...logFields(id), err: error }, 'the reaper gave no log')
      const sentence = 'The reaper, which reads logs, does not answer. Try again.'
      return sendMessage(res, {
        problem: 'no-reaper',
        heading: 'The log cannot be read',
        sentence,
        link: backTo(previewIn(req)),
      })
    }
    if (!part) {
      const sentence = noServiceWords(preview, store.services.of(id))
      return sendMessage(res, { problem: 'no-such-service', heading: 'No such service', sentence, link: backTo(id) })
    }
    const heading = `${part.name} has no container now`
    const sentence = 'Its output went with its container.'
    return sendMessage(res, { problem: 'no-container', heading, sentence, link: backTo(previewIn(req)) })
  }

  function known(req: Request): Preview | undefined {
    return store.get(previewIn(req))
  }
}

function textOf(sent: unknown): string {
  return typeof sent === 'string' ? sent : ''
}
