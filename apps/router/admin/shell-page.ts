/** The page of a shell in a preview. What it speaks with: apps/shell/http. */
import type { Request, Response } from 'express'
import { kindOf } from '../../shared/api/problems.ts'
import { callerOf } from '../access/caller.ts'
import type { Route } from '../access/route.ts'
import { previewIn } from '../api/conventions/input.ts'
import type { RouterContext } from '../context.ts'
import { shellPage } from '../pages/shell-page.ts'
import { noServiceWords, partOf } from '../services/part.ts'
import { ofPreview, previewPaths } from './preview-paths.ts'
import { backTo, sendMessage, sendNoPreview, sendPage } from './respond.ts'

export function shellRoutes(context: RouterContext): Route[] {
  const { config, store, brand } = context
  return previewPaths.map((path) => ({
    method: 'GET',
    path: `${path}/shell`,
    needs: 'shell',
    handle: ofPreview(context, showShell),
  }))

  function showShell(req: Request, res: Response) {
    const id = previewIn(req)
    const { shell } = config
    if (!callerOf(res).sees(id)) return sendNoPreview(res, id)
    if (shell === null)
      return sendMessage(res, {
        problem: 'shell-off',
        heading: 'Nobody may look inside previews here',
        sentence: 'That takes LOTAN_SHELL or LOTAN_SSH_LISTEN, and neither is set.',
        link: backTo(id),
      })
    const preview = store.get(id)
    if (!preview) return sendNoPreview(res, id)
    const services = store.services.of(id)
    const part = partOf(preview, typeof req.query.service === 'string' ? req.query.service : undefined, services)
    if (!part) {
      const { title } = kindOf('no-such-service')
      const sentence = noServiceWords(preview, services)
      return sendMessage(res, { problem: 'no-such-service', heading: title, sentence, link: backTo(id) })
    }
    const origin = `${req.protocol}://${req.headers.host}`
    return sendPage(res, 200, shellPage({ config: { ...config, shell }, id, part, services, origin }, brand))
  }
}
