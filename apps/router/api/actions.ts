import type { Request, Response } from 'express'
import { applyAction, applyRefresh, startsSomething, type PreviewAction } from '../preview-actions.ts'
import { actorOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { change, type ApiRoute } from './conventions/operation.ts'
import { sendNoPreview, sendNotOffered } from './conventions/preview-problem.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { previewIn } from './conventions/input.ts'

const startPreview = change(
  'startPreview',
  'Starts a preview, and wakes a paused one; a tag that is none yet becomes one.',
)
const stopPreview = change('stopPreview', 'Stops a preview. Its image stays.')
const refreshPreview = change('refreshPreview', 'Looks for a newer image now, and lets it take over.')
const restartPreview = change('restartPreview', 'Stops a preview and starts it again.')

export function actionRoutes(context: ApiContext): ApiRoute[] {
  const { view } = context
  const asked = (action: PreviewAction) => (req: Request, res: Response) =>
    acceptAction(context, action, previewIn(req), res)
  const route = { method: 'POST', needs: 'run' } as const
  return [
    { ...route, path: '/previews/:tag/start', operation: startPreview, handle: asked('start') },
    { ...route, path: '/previews/:tag/stop', operation: stopPreview, handle: asked('stop') },
    { ...route, path: '/previews/:tag/refresh', operation: refreshPreview, handle: refresh },
    { ...route, path: '/previews/:tag/restart', operation: restartPreview, handle: asked('restart') },
  ]

  async function refresh(req: Request, res: Response) {
    const preview = await applyRefresh(previewIn(req), actorOf(res), context)
    return preview ? res.status(202).json(view(preview)) : sendNoPreview(res, previewIn(req))
  }
}

export async function acceptAction(context: ApiContext, action: PreviewAction, id: PreviewId, res: Response) {
  if (startsSomething(action) && !context.config.offers(id)) return sendNotOffered(res, id)
  const preview = await applyAction(action, id, 'api', actorOf(res), context)
  return preview ? res.status(202).json(context.view(preview)) : sendNoPreview(res, id)
}
