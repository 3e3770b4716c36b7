/** How the API reads what is sent to it. */
import type { Request, Response } from 'express'
import { z } from 'zod'
import { idOf, NAMELESS, type PreviewId } from '../../shared/preview/preview-id.ts'
import { TAG, type Tag } from '../../shared/tag.ts'
import { sendProblem } from './problem.ts'

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
