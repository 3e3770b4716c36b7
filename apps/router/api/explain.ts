import type { Request, Response } from 'express'
import { explain } from '../../shared/api/explain.ts'
import { callerOf, may } from '../access/caller.ts'
import { explanationOf } from '../explain/explanation.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, noPreview, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'

const explainPreview: Operation = {
  operationId: 'explainPreview',
  summary: 'Each value that a preview runs with and where that comes from; why it is awake; what happens next.',
  description: 'No secret is in it. Values of variables are for an admin only.',
  parameters: [tagParameter],
  responses: { 200: answer('What there is to know.', explain), 404: noPreview },
}

export function explainRoutes(context: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/explain'
  return [{ method: 'GET', path, needs: 'read', operation: explainPreview, handle: sendExplanation }]

  async function sendExplanation(req: Request, res: Response) {
    const caller = callerOf(res)
    const told = await explanationOf(
      previewIn(req),
      { values: may(caller, 'admin'), who: may(caller, 'shell') },
      context,
    )
    return told ? res.json(told) : sendNoPreview(res, previewIn(req))
  }
}
