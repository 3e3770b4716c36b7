import type { Response } from 'express'
import type { Preview } from '../../../shared/preview/preview.ts'
import { isTag } from '../../../shared/tag.ts'
import { reasonOf } from '../preview-view.ts'
import { sendProblem } from './problem.ts'

export function sendNoPreview(res: Response, tag: string) {
  if (!isTag(tag)) return sendProblem(res, 'not-a-tag', 'This is no valid image tag.')
  return sendProblem(res, 'no-preview', 'There is no preview of this tag.', { tag, state: 'unknown' })
}

export function sendNotOffered(res: Response, tag: string) {
  sendProblem(res, 'not-offered', `TAG_FILTER does not offer ${tag}.`, { tag })
}

export function sendNotForToken(res: Response, tag: string) {
  sendProblem(res, 'not-allowed', `This token is for other tags than ${tag}.`, { tag })
}

export function aboutOf(preview: Preview) {
  return { tag: preview.tag, state: preview.state, reason: reasonOf(preview)?.code }
}
