/** `/previews` and `/previews/TAG`: previews are listed, shown, added and removed. */
import express, { type Request, type Response, type Router } from 'express'
import { z } from 'zod'
import { preview as previewSchema } from '../../shared/api/preview.ts'
import { acceptAction } from './actions.ts'
import type { ApiContext } from './context.ts'
import {
  accepted,
  answer,
  body,
  change,
  noPreview,
  problemAnswer,
  refused,
  tagParameter,
  type Paths,
} from './operation.ts'
import { sendNoPreview } from './preview-problem.ts'
import { sendProblem } from './problem.ts'
import { checked, previewIn, resource, tagOf, tagText } from './resource.ts'
import { idOf, NAMELESS } from '../../shared/preview/preview-id.ts'

const wrong = 'Send {"tag": …} with a valid image tag.'
const added = z.object({ tag: tagText(wrong) }, wrong)

export const previewPaths: Paths = {
  '/previews': {
    get: {
      operationId: 'listPreviews',
      summary: 'Every preview, by tag.',
      responses: { 200: answer('All of them.', z.array(previewSchema)) },
    },
    post: {
      operationId: 'addPreview',
      summary: 'Adds a tag and starts it.',
      requestBody: body(added),
      responses: {
        202: accepted,
        400: problemAnswer('No JSON with a valid tag.'),
        403: refused,
        413: problemAnswer('More than a tag.'),
        415: problemAnswer('The body is not sent as JSON.'),
      },
    },
  },
  '/previews/{tag}': {
    get: {
      operationId: 'getPreview',
      summary: 'One preview.',
      parameters: [tagParameter],
      responses: { 200: answer('The preview.', previewSchema), 404: noPreview },
    },
    delete: change('removePreview', 'Removes a preview: its container and its image go.'),
  },
}

export function previews(context: ApiContext): Router {
  const { store, own, view, views } = context
  return resource({
    '/previews': {
      get: [(_req, res) => res.json(views())],
      post: [own, express.json({ limit: '4kb' }), add],
    },
    '/previews/:tag': {
      get: [show],
      delete: [own, (req, res) => acceptAction(context, 'remove', previewIn(req), res)],
    },
  })

  async function add(req: Request, res: Response) {
    if (req.is('json') === false) return sendProblem(res, 415, 'Send {"tag": …} as Content-Type: application/json.')
    const sent = checked(added, req.body, res)
    if (!sent) return undefined
    res.location(`/api/v1/previews/${encodeURIComponent(sent.tag)}`)
    return acceptAction(context, 'start', idOf({ repository: NAMELESS, tag: sent.tag }), res)
  }

  function show(req: Request, res: Response) {
    const preview = store.get(previewIn(req))
    return preview ? res.json(view(preview)) : sendNoPreview(res, tagOf(req))
  }
}
