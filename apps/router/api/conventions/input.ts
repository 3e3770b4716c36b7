import type { Request, Response } from 'express'
import { z } from 'zod'
import { previewNamed } from '../../../shared/preview/copy.ts'
import { idOf, NAMELESS, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import type { Store } from '../../../shared/store/store.ts'
import { TAG, type Tag } from '../../../shared/tag.ts'
import { sendProblem } from './problem.ts'

export function tagOf(req: Request): Tag {
  return req.params.tag as string
}

/** Of a path below `/repositories/:repository`, or of one that names none. */
export function repositoryOf(req: Request): string {
  return (req.params.repository as string | undefined) ?? NAMELESS
}

export function previewIn(req: Request): PreviewId {
  return idOf({ repository: repositoryOf(req), tag: tagOf(req) })
}

/**
 * From here on `previewIn` is the copy that is meant, where there is one: a path has it as people write it.
 * @returns whether it can be a preview at all
 */
export function resolveTag(req: Request, { get }: Pick<Store, 'get'>): boolean {
  const id = previewNamed({ repository: repositoryOf(req), tag: tagOf(req) }, (copy) => get(copy) !== undefined)
  if (id !== undefined) req.params.tag = splitId(id).tag
  return id !== undefined
}

export function tagText(wrong: string) {
  return z.string(wrong).regex(TAG, wrong)
}

/** Otherwise answers 400, with the first thing that is wrong. */
export function checked<T>(schema: z.ZodType<T>, sent: unknown, res: Response): T | undefined {
  const { data, error } = schema.safeParse(sent)
  if (error) sendProblem(res, 'bad-body', error.issues[0]!.message)
  return data
}

/** An empty body needs no type; Express takes one of length 0 for a body. */
export function sendsBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

export function untilClosed(res: Response): AbortSignal {
  const closed = new AbortController()
  res.on('close', () => closed.abort())
  return closed.signal
}
