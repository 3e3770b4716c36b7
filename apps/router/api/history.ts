import type { Request, Response } from 'express'
import { z } from 'zod'
import { change, type ChangeJson } from '../../shared/api/change.ts'
import { callerOf, may } from '../access/caller.ts'
import type { Change } from '../../shared/store/store.ts'
import { plain } from '../pages/preview/detail.ts'
import { previewPath } from '../../shared/api/paths.ts'
import { splitId } from '../../shared/preview/preview-id.ts'
import { historyWords } from '../words/history-words.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, problemAnswer, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'
import { numberText, takes } from './conventions/query.ts'

const MOST = 500
const wrongLimit = `limit is a number of changes, 1 to ${MOST}.`
const wrongAfter = 'after is the id of a change.'

const query = z.object({
  limit: numberText(/^\d+$/, z.int().min(1, wrongLimit).max(MOST, wrongLimit), wrongLimit)
    .default(50)
    .meta({ description: 'As many at most; the header Link has the address of the older ones.' }),
  after: numberText(/^\d+$/, z.int(wrongAfter).min(1, wrongAfter), wrongAfter)
    .optional()
    .meta({ description: 'Only those that are older than this one.' }),
})

const getHistory: Operation = {
  operationId: 'getHistory',
  summary: 'What has happened to a preview, newest first.',
  description:
    'Its last 200 changes. Those of a preview that was removed are kept for 30 days, and of one that never came to a ' +
    'container not at all.',
  parameters: [tagParameter],
  responses: {
    200: answer('With `Link: …; rel="next"` where there are more.', z.array(change)),
    400: problemAnswer('A parameter has a value that it cannot have.'),
    404: problemAnswer('There is no preview of this tag, and no history of one.'),
  },
}

export function historyRoutes({ store }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/history'
  return [{ method: 'GET', path, needs: 'read', operation: getHistory, ...takes(query, sendHistory) }]

  function sendHistory(req: Request, res: Response, sent: z.output<typeof query>) {
    const id = previewIn(req)
    const found = store.history(id, sent.limit + 1, sent.after)
    if (found.length === 0 && !store.get(id) && store.history(id, 1).length === 0) return sendNoPreview(res, id)
    const page = found.slice(0, sent.limit)
    if (found.length > page.length)
      res.links({ next: `/api/v1${previewPath(id)}/history?limit=${sent.limit}&after=${page.at(-1)!.id}` })
    const isAdmin = may(callerOf(res), 'admin')
    const { tag } = splitId(id)
    return res.json(page.map((change) => viewOf(change, tag, isAdmin)))
  }
}

function viewOf(change: Change, tag: string, isAdmin: boolean): ChangeJson {
  const { id, at, was, state, event, generation, detail, who, address, request } = change
  const words = plain(historyWords(event, detail, tag))
  const time = new Date(at).toISOString()
  return { id, time, was, state, event, generation, detail, who, address: isAdmin ? address : null, request, words }
}
