import type { Request, Response } from 'express'
import { applyAction, applyRefresh, startsSomething, type PreviewAction } from '../preview-actions.ts'
import { actorOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { barred, change, type ApiRoute, type Operation } from './conventions/operation.ts'
import { isBarred, sendNoPreview, sendNotOffered } from './conventions/preview-problem.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'
import { previewIn } from './conventions/input.ts'

const startPreview = starting(
  'startPreview',
  'Starts a preview, and wakes a paused one; a tag that is none yet becomes one.',
)
const stopPreview = change('stopPreview', 'Stops a preview. Its image stays.')
const refreshPreview = starting('refreshPreview', 'Looks for a newer image now, and lets it take over.')
const restartPreview = starting('restartPreview', 'Stops a preview and starts it again.')

/** What its change may not let it do. */
function starting(operationId: string, summary: string): Operation {
  const operation = change(operationId, summary)
  return { ...operation, responses: { ...operation.responses, 409: barred } }
}

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
    if (isBarred(res, previewIn(req), false, context)) return undefined
    const preview = await applyRefresh(previewIn(req), actorOf(res), context)
    return preview ? res.status(202).json(view(preview)) : sendNoPreview(res, previewIn(req))
  }
}

export async function acceptAction(context: ApiContext, action: PreviewAction, id: PreviewId, res: Response) {
  if (startsSomething(action) && !context.config.offers(id)) return sendNotOffered(res, id)
  if (startsSomething(action) && isBarred(res, id, false, context)) return undefined
  const preview = await applyAction(action, id, 'api', actorOf(res), context)
  return preview ? res.status(202).json(context.view(preview)) : sendNoPreview(res, id)
}
