import { shownKey } from '../../shared/preview/copy.ts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import {
  newShare,
  share as shareSchema,
  shareToMake,
  type NewShareJson,
  type ShareJson,
} from '../../shared/api/share.ts'
import { spanOf } from '../../shared/api/span.ts'
import { MOST_SHARES, type Share } from '../../shared/store/store.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import { endShare as endIt, makeShare } from '../shares.ts'
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
import { sendNoPreview, sendNotOffered } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

const addShare: Operation = {
  operationId: 'addShare',
  summary: 'Makes a link that opens a preview without a login.',
  description: 'It opens this preview alone, for all who have it, until it is over or ended. It starts nothing.',
  parameters: [tagParameter],
  requestBody: { ...body(shareToMake), required: false },
  responses: {
    201: answer('It was made. This answer alone has the link itself.', newShare),
    400: problemAnswer('`for` is no span, or too long a one.'),
    403: refused,
    404: noPreview,
    409: problemAnswer('There are too many of them.'),
    413: problemAnswer('More than a span.'),
    415: problemAnswer('The body is not sent as JSON.'),
  },
}

const listShares: Operation = {
  operationId: 'listShares',
  summary: 'The share links of previews, by tag.',
  responses: { 200: answer('All that are not over, without the links themselves.', z.array(shareSchema)) },
}

const endShare: Operation = {
  operationId: 'endShare',
  summary: 'Ends a share link: it opens nothing any more.',
  parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
  responses: {
    204: { description: 'It has ended.' },
    403: problemAnswer('Another site asked for the change, with the login cookie.'),
    404: problemAnswer('There is no such link.'),
  },
}

export function shareRoutes({ config, store, log }: ApiContext): ApiRoute[] {
  const needs = 'run'
  const ofPreview = '/previews/:tag/shares'
  return [
    { method: 'POST', path: ofPreview, needs, operation: addShare, body: { type: 'json', limit: 4_096 }, handle: add },
    { method: 'GET', path: '/shares', needs, operation: listShares, handle: list },
    { method: 'DELETE', path: '/shares/:id', needs, operation: endShare, handle: end },
  ]

  function add(req: Request, res: Response) {
    if (sendsBody(req) && !req.is('json'))
      return sendProblem(res, 'wrong-type', 'Send {"for": …} as Content-Type: application/json.')
    const sent = checked(shareToMake, req.body ?? {}, res)
    if (!sent) return undefined
    const preview = previewIn(req)
    if (!config.offers(preview)) return sendNotOffered(res, preview)
    if (!store.get(preview)) return sendNoPreview(res, preview)

    const share = makeShare(preview, spanOf(sent.for)!, actorOf(res), { config, store, log })
    if (!share) {
      const detail = `There are ${MOST_SHARES} share links, which is the most. End some that are not needed any more.`
      return sendProblem(res, 'too-many-shares', detail)
    }
    const { id, url, until } = share
    const made: NewShareJson = { id, ...shownKey(preview), url, until: new Date(until).toISOString() }
    return res.status(201).location(`/api/v1/shares/${id}`).json(made)
  }

  function list(_req: Request, res: Response) {
    res.json(known(res).map(jsonOf))
  }

  function end(req: Request, res: Response) {
    const id = req.params.id as string
    const isKnown = known(res).some((share) => share.id === id)
    if (!isKnown || !endIt(id, actorOf(res), { store, log }))
      return sendProblem(res, 'no-share', 'There is no such share link.')
    return res.status(204).end()
  }

  function known(res: Response): Share[] {
    const { sees } = callerOf(res)
    return store.shares.list(Date.now()).filter(({ preview }) => sees(preview))
  }
}

function jsonOf({ id, preview, until, created, by }: Share): ShareJson {
  const time = (at: number) => new Date(at).toISOString()
  return { id, ...shownKey(preview), until: time(until), created: time(created), by: by.who }
}
