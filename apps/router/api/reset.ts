import { shownKey } from '../../shared/preview/copy.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { reset as schema, resetRequest, type ResetJson } from '../../shared/api/reset.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import type { Reset } from '../../shared/store/store.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { checked, previewIn, sendsBody } from './conventions/input.ts'
import { answer, body, noPreview, problemAnswer, refused, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts' // prettier-ignore
import { namesOf, sendNoPreview } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'
import { sendNoSnapshot } from './snapshots.ts'

const resetData: Operation = {
  operationId: 'resetData',
  summary: 'Gives a preview empty volumes, or those of a snapshot.',
  description:
    'The new data is made beside the old. A preview that runs, or is frozen, is restarted then; what the old volumes held is gone. ' +
    'With a snapshot the secrets of its stack are those that the snapshot was made with.',
  parameters: [tagParameter],
  requestBody: { ...body(resetRequest), required: false },
  responses: {
    202: answer('It is under way.', schema),
    400: problemAnswer('The body is none that is taken.'),
    403: refused,
    404: problemAnswer('There is no preview of this tag, or no such snapshot.'),
    409: problemAnswer('Another one is under way, or the preview has no volumes.'),
    413: problemAnswer('More than a name.'),
    415: problemAnswer('The body is not sent as JSON.'),
  },
}

const getReset: Operation = {
  operationId: 'getReset',
  summary: 'How far the last reset of a preview is.',
  parameters: [tagParameter],
  responses: { 200: answer('The last one.', schema), 404: noPreview },
}

export function resetRoutes({ store, nudges, log }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/reset'
  return [
    { method: 'POST', path, needs: 'run', operation: resetData, body: { type: 'json', limit: 4_096 }, handle: ask },
    { method: 'GET', path, needs: 'read', operation: getReset, handle: show },
  ]

  async function ask(req: Request, res: Response) {
    if (sendsBody(req) && !req.is('json'))
      return sendProblem(res, 'wrong-type', 'Send {"from": …} as Content-Type: application/json.')
    const sent = checked(resetRequest, req.body ?? {}, res)
    if (!sent) return undefined
    const id = previewIn(req)
    const from = sent.from ?? null
    const snapshot = from === null ? undefined : store.snapshots.find(from)
    // Of one that is published all may know.
    const isKnown = snapshot && (callerOf(res).sees(snapshot.preview) || snapshot.published)
    if (from !== null && !isKnown) return sendNoSnapshot(res)
    if (snapshot && snapshot.preview !== id && !snapshot.published)
      return sendProblem(res, 'not-allowed', `Snapshot ${from} is of another preview, and not published.`, namesOf(id))
    if (!snapshot && store.volumes.of(id).length === 0) {
      if (!store.get(id)) return sendNoPreview(res, id)
      return sendProblem(res, 'no-volumes', `${shownTag(id)} has no volumes.`, namesOf(id))
    }
    if (!store.resets.ask(id, from, Date.now(), actorOf(res)))
      return sendProblem(res, 'in-use', `Another reset of ${shownTag(id)} is under way.`, namesOf(id))
    log.info({ ...logFields(id), snapshot: from, ...actorOf(res) }, 'reset asked for')
    await nudges.data(id)
    return res.status(202).json(jsonOf(store.resets.find(id)!))
  }

  function show(req: Request, res: Response) {
    const found = store.resets.find(previewIn(req))
    if (found) return res.json(jsonOf(found))
    return sendProblem(res, 'no-reset', `${shownTag(previewIn(req))} was not reset.`, namesOf(previewIn(req)))
  }
}

function jsonOf({ preview, snapshot, state, asked, ended, by, reason }: Reset): ResetJson {
  const time = (at: number) => new Date(at).toISOString()
  const times = { asked: time(asked), ended: ended === null ? null : time(ended) }
  return { ...shownKey(preview), from: snapshot, state, ...times, by: by.who, reason }
}
