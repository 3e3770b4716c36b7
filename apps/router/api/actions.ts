/** `/previews/TAG/start` and its like: changes of one preview, each answered with the preview as it is then. */
import type { Request, Response, Router } from 'express'
import { applyAction, startsSomething, type PreviewAction } from '../preview-actions.ts'
import type { ApiContext } from './context.ts'
import { change, type Paths } from './operation.ts'
import { sendNoPreview, sendNotOffered } from './preview-problem.ts'
import { previewIn, resource, tagOf } from './resource.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'

export const actionPaths: Paths = {
  '/previews/{tag}/start': {
    post: change('startPreview', 'Starts a preview; a tag that is none yet becomes one.'),
  },
  '/previews/{tag}/stop': { post: change('stopPreview', 'Stops a preview. Its image stays.') },
  '/previews/{tag}/refresh': { post: change('refreshPreview', 'Looks for a newer image now, and lets it take over.') },
  '/previews/{tag}/restart': { post: change('restartPreview', 'Stops a preview and starts it again.') },
}

export function actions(context: ApiContext): Router {
  const { store, nudges, own, view } = context
  const asked = (action: PreviewAction) => (req: Request, res: Response) =>
    acceptAction(context, action, previewIn(req), res)
  return resource({
    '/previews/:tag/start': { post: [own, asked('start')] },
    '/previews/:tag/stop': { post: [own, asked('stop')] },
    '/previews/:tag/restart': { post: [own, asked('restart')] },
    '/previews/:tag/refresh': { post: [own, refresh] },
  })

  async function refresh(req: Request, res: Response) {
    // Noted, so that a start that comes before it is done has the newest image.
    const preview = store.apply(previewIn(req), { type: 'refresh' }) ?? store.get(previewIn(req))
    if (!preview) return sendNoPreview(res, tagOf(req))
    await nudges.refresh(preview)
    return res.status(202).json(view(preview))
  }
}

export async function acceptAction(context: ApiContext, action: PreviewAction, id: PreviewId, res: Response) {
  const { tag } = splitId(id)
  if (startsSomething(action) && !context.config.offers(tag)) return sendNotOffered(res, tag)
  const preview = await applyAction(action, id, 'api', context)
  return preview ? res.status(202).json(context.view(preview)) : sendNoPreview(res, tag)
}
