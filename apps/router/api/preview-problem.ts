import type { Response } from 'express'
import type { Preview } from '../../shared/preview/preview.ts'
import { isTag } from '../../shared/tag.ts'
import { reasonOf } from './preview-view.ts'
import { sendProblem } from './problem.ts'

export function sendNoPreview(res: Response, tag: string) {
  const why = isTag(tag) ? 'There is no preview of this tag.' : 'This is no valid image tag.'
  sendProblem(res, 404, why, isTag(tag) ? { tag, state: 'unknown' } : {})
}

export function sendNotOffered(res: Response, tag: string) {
  sendProblem(res, 403, `TAG_FILTER does not offer ${tag}.`, { tag })
}

export function sendNotForToken(res: Response, tag: string) {
  sendProblem(res, 403, `This token is for other tags than ${tag}.`, { tag })
}

export function aboutOf(preview: Preview) {
  return { tag: preview.tag, state: preview.state, reason: reasonOf(preview)?.code }
}
