import { baseTag, shownTag } from '../../../shared/preview/copy-tag.ts'
import type { Response } from 'express'
import type { AboutProblem } from '../../../shared/api/problem.ts'
import { idOf, logFields, splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import type { Preview } from '../../../shared/preview/preview.ts'
import { filterSettingOf } from '../../../shared/repository.ts'
import { isTag } from '../../../shared/tag.ts'
import { whyNot } from '../../../shared/barred.ts'
import { reasonOf } from '../preview-view.ts'
import { sendProblem } from './problem.ts'

export function sendNoPreview(res: Response, id: PreviewId) {
  if (!isTag(baseTag(splitId(id).tag))) return sendProblem(res, 'not-a-tag', 'This is no valid image tag.')
  return sendProblem(res, 'no-preview', 'There is no preview of this tag.', { ...namesOf(id), state: 'unknown' })
}

export function sendNotOffered(res: Response, id: PreviewId) {
  const setting = filterSettingOf(splitId(id).repository)
  sendProblem(res, 'not-offered', `${setting} does not offer ${shownTag(id)}.`, namesOf(id))
}

/** @returns whether it may not be done: then it was said why */
export function isBarred(res: Response, id: PreviewId, pins: boolean, context: Parameters<typeof whyNot>[2]): boolean {
  const why = whyNot(id, pins, context)
  if (why) sendProblem(res, why.problem, why.sentence, namesOf(id))
  return why !== undefined
}

export function sendNotForToken(res: Response, id: PreviewId) {
  sendProblem(res, 'not-allowed', `This token is for other tags than ${shownTag(id)}.`, namesOf(id))
}

export function aboutOf(preview: Preview): AboutProblem {
  return { ...namesOf(idOf(preview)), state: preview.state, reason: reasonOf(preview)?.code }
}

/** Of the nameless repository a problem says nothing. */
export function namesOf(id: PreviewId): Pick<AboutProblem, 'repository' | 'tag'> {
  return logFields(id)
}
