/** A router for one resource of the API: its paths, their methods, and how what is sent is checked. */
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { z } from 'zod'
import { isTag, TAG, type Tag } from '../../shared/tag.ts'
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'
import { sendNoPreview } from './preview-problem.ts'
import { sendProblem } from './problem.ts'

type Methods = Partial<Record<'get' | 'post' | 'delete', RequestHandler[]>>

/** Any method that a path does not have gets 405, and what is no tag 404. */
export function resource(paths: Record<string, Methods>): Router {
  const router = express.Router({ caseSensitive: true })
  router.param('tag', (_req, res, next, tag: string) => (isTag(tag) ? next() : sendNoPreview(res, tag)))
  for (const [path, methods] of Object.entries(paths)) {
    const route = router.route(path)
    for (const [method, handlers] of Object.entries(methods)) route[method as 'get'](...handlers)
    const names = Object.keys(methods).map((method) => method.toUpperCase())
    const allowed = [...names, ...(methods.get ? ['HEAD'] : [])].join(', ')
    route.all((req, res) => {
      res.set('Allow', allowed)
      sendProblem(res, 405, `${req.method} means nothing here. Allowed: ${allowed}.`)
    })
  }
  return router
}

export function tagOf(req: Request): Tag {
  return req.params.tag as string
}

/** The preview that a path names. */
export function previewIn(req: Request): PreviewId {
  return idOf({ repository: NAMELESS, tag: tagOf(req) })
}

/** An image tag that is sent. */
export function tagText(wrong: string) {
  return z.string(wrong).regex(TAG, wrong)
}

/** A number in a query, within bounds; `wrong` is told of anything else. */
export function numberText(form: RegExp, number: z.ZodNumber, wrong: string) {
  return z.string(wrong).regex(form, wrong).transform(Number).pipe(number)
}

/** What is sent, as its schema has it; otherwise the first thing that is wrong is answered with 400. */
export function checked<T>(schema: z.ZodType<T>, sent: unknown, res: Response): T | undefined {
  const { data, error } = schema.safeParse(sent)
  if (error) sendProblem(res, 400, error.issues[0]!.message)
  return data
}

/** Aborts when the client leaves before it is answered, and once it is. */
export function untilClosed(res: Response): AbortSignal {
  const closed = new AbortController()
  res.on('close', () => closed.abort())
  return closed.signal
}
