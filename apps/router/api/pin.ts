import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { pinRequest } from '../../shared/api/pin.ts'
import { preview } from '../../shared/api/preview.ts'
import { actorOf } from '../access/caller.ts'
import { applyPin } from '../preview-actions.ts'
import type { ApiContext } from './context.ts'
import { checked, previewIn, sendsBody } from './conventions/input.ts'
import {
  answer,
  body,
  noPreview,
  problemAnswer,
  refused,
  tagParameter,
  type ApiRoute,
  type Operation,
} from './conventions/operation.ts'
import { aboutOf, isBarred, sendNoPreview } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

const now = answer('The preview as it is now.', preview)

const pinPreview: Operation = {
  operationId: 'pinPreview',
  summary: 'Keeps a preview, used or not.',
  description:
    'Until then it is neither stopped nor paused for being idle, for its age or to make room, and neither its container ' +
    'nor its image is removed. It starts nothing. What is of a closed pull request may run again while it is pinned. To stop or to remove it by hand works as before; a removal ends the pin.',
  parameters: [tagParameter],
  requestBody: { ...body(pinRequest), required: false },
  responses: {
    200: now,
    400: problemAnswer('`until` is no time, or one that is over.'),
    403: refused,
    404: noPreview,
    409: problemAnswer('It is being removed; or its pull request comes from a fork and is not approved.'),
    413: problemAnswer('More than a time.'),
    415: problemAnswer('The body is not sent as JSON.'),
  },
}

const unpinPreview: Operation = {
  operationId: 'unpinPreview',
  summary: 'Lets a preview sleep and go again as others do.',
  parameters: [tagParameter],
  responses: { 200: now, 403: refused, 404: noPreview },
}

export function pinRoutes(context: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/pin'
  const pinBody = { type: 'json', limit: 4_096 } as const
  return [
    { method: 'PUT', path, needs: 'run', operation: pinPreview, body: pinBody, handle: pin },
    { method: 'DELETE', path, needs: 'run', operation: unpinPreview, handle: unpin },
  ]

  async function pin(req: Request, res: Response) {
    if (sendsBody(req) && !req.is('json'))
      return sendProblem(res, 'wrong-type', 'Send {"until": …} as Content-Type: application/json.')
    const sent = checked(pinRequest, req.body ?? {}, res)
    if (!sent) return undefined
    const until = sent.until == null ? null : Date.parse(sent.until)
    if (until !== null && until <= Date.now()) return sendProblem(res, 'bad-body', `${sent.until} is over.`)
    return settle(req, res, { until })
  }

  function unpin(req: Request, res: Response) {
    return settle(req, res, null)
  }

  async function settle(req: Request, res: Response, wanted: { until: number | null } | null) {
    if (wanted && isBarred(res, previewIn(req), true, context)) return undefined
    const preview = await applyPin(previewIn(req), wanted, actorOf(res), context)
    if (!preview) return sendNoPreview(res, previewIn(req))
    if (wanted && !preview.pin)
      return sendProblem(res, 'being-removed', `${shownTag(previewIn(req))} is being removed.`, aboutOf(preview))
    return res.json(context.view(preview))
  }
}
