/** `/events` and `/previews/TAG/events`: what changes, as server-sent events. */
import type { Router } from 'express'
import { z } from 'zod'
import type { ApiContext } from './context.ts'
import { openEvents } from './event-stream.ts'
import { answer, noPreview, tagParameter, type Paths } from './operation.ts'
import { sendNoPreview } from './preview-problem.ts'
import { previewIn, resource, tagOf } from './resource.ts'

const stream = answer(
  'First how things are, then what changes. Event `preview` has a Preview as its data; `removed` has `{"repository": …, "tag": …}`.',
  z.string(),
  'text/event-stream',
)

export const eventPaths: Paths = {
  '/previews/{tag}/events': {
    get: {
      operationId: 'streamPreview',
      summary: 'What changes in one preview, as server-sent events.',
      parameters: [tagParameter],
      responses: { 200: stream, 404: noPreview },
    },
  },
  '/events': {
    get: {
      operationId: 'streamPreviews',
      summary: 'What changes in any preview, as server-sent events.',
      responses: { 200: stream },
    },
  },
}

export function events({ store, changes, views }: ApiContext): Router {
  const events = openEvents(changes, views)
  return resource({
    '/previews/:tag/events': {
      get: [
        (req, res) => (store.get(previewIn(req)) ? events.stream(res, previewIn(req)) : sendNoPreview(res, tagOf(req))),
      ],
    },
    '/events': { get: [(_req, res) => events.stream(res)] },
  })
}
