import { shownTag } from '../../shared/preview/copy-tag.ts'
import { shownKey } from '../../shared/preview/copy.ts'
import type { Request, Response } from 'express'
import { approval, type ApprovalJson } from '../../shared/api/approval.ts'
import { actorOf } from '../access/caller.ts'
import { approve } from '../approvals.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, problemAnswer, refused, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { namesOf } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

const responses = {
  200: answer('How it stands now.', approval),
  403: refused,
  404: problemAnswer('The tag is of no pull request, or is no valid tag.'),
}

const approvePreview: Operation = {
  operationId: 'approvePreview',
  summary: 'Lets the pull request of a fork run.',
  description:
    'It is for the pull request, with all that is pushed to it later, until it is taken back. It starts nothing. ' +
    'Without a pull request that is known it is for the tag, until that is.',
  parameters: [tagParameter],
  responses,
}

const disapprovePreview: Operation = {
  operationId: 'disapprovePreview',
  summary: 'Takes the approval of a fork’s pull request back.',
  description: 'Its preview is stopped, and waits for an approval again.',
  parameters: [tagParameter],
  responses,
}

export function approveRoutes(context: ApiContext): ApiRoute[] {
  const route = { path: '/previews/:tag/approve', needs: 'admin' } as const
  return [
    { ...route, method: 'POST', operation: approvePreview, handle: (req, res) => settle(true, req, res) },
    { ...route, method: 'DELETE', operation: disapprovePreview, handle: (req, res) => settle(false, req, res) },
  ]

  function settle(may: boolean, req: Request, res: Response) {
    const id = previewIn(req)
    const done = approve(id, may, actorOf(res), context)
    if (!done) return sendProblem(res, 'no-change', `${shownTag(id)} is of no pull request.`, namesOf(id))
    const { number, approval } = done
    const approved = approval && { who: approval.who, at: new Date(approval.at).toISOString() }
    return res.json({ ...shownKey(id), number, approved } satisfies ApprovalJson)
  }
}
