/** The admin's pages and forms. Plain HTML: every form posts and redirects to a page. */
import { text } from 'node:stream/consumers'
import type { Request, Response } from 'express'
import { urlOf } from '../../shared/config/config.ts'
import { generationOf, type Preview } from '../../shared/preview/preview.ts'
import { hostPortOf, slotSchemeIn, hostPortText } from '../../shared/slots/slot-scheme.ts'
import { hostOf } from '../../shared/tag.ts'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { sendNoPreview } from './list-routes.ts'
import { sendPage } from './respond.ts'
import { LOG_LINES, previewDetailOf, type DetailFacts } from '../pages/preview-detail.ts'
import { previewPage } from '../pages/render.ts'
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'

const HISTORY_LINES = 50

export function adminRoutes({ config, store, reaper, brand, log }: RouterContext): Route[] {
  return [{ method: 'GET', path: '/previews/:tag', needs: 'admin', handle: showPreview }]

  async function showPreview(req: Request, res: Response) {
    const preview = store.get(previewIn(req))
    return preview ? sendPage(res, 200, await detailPage(preview)) : sendNoPreview(res, req.params.tag as string)
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
      brand,
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
