import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { callerOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { openEvents } from './event-stream.ts'
import { answer, noPreview, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'
import { previewIn } from './conventions/input.ts'

const stream = answer(
  'First how things are, then what changes. Event `preview` has a Preview as its data; `removed` has `{"repository": …, "tag": …}`.',
  z.string(),
  'text/event-stream',
)

const streamPreview: Operation = {
  operationId: 'streamPreview',
  summary: 'What changes in one preview, as server-sent events.',
  parameters: [tagParameter],
  responses: { 200: stream, 404: noPreview },
}

const streamPreviews: Operation = {
  operationId: 'streamPreviews',
  summary: 'What changes in any preview, as server-sent events.',
  responses: { 200: stream },
}

export function eventRoutes({ store, changes, views }: ApiContext): ApiRoute[] {
  const events = openEvents(changes, views)
  return [
    { method: 'GET', path: '/previews/:tag/events', needs: 'read', operation: streamPreview, handle: streamOne },
    { method: 'GET', path: '/events', needs: 'read', operation: streamPreviews, handle: streamAll },
  ]

  function streamOne(req: Request, res: Response) {
    const only = previewIn(req)
    return store.get(only) ? events.stream(res, (id) => id === shownTag(only)) : sendNoPreview(res, only)
  }

  function streamAll(_req: Request, res: Response) {
    return events.stream(res, callerOf(res).sees)
  }
}
