import { shownTag } from '../../shared/preview/copy-tag.ts'
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { noServiceWords, partOf } from '../services/part.ts'
import type { ApiContext } from './context.ts'
import { answer, problemAnswer, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { aboutOf, sendNoPreview } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'
import { previewIn, untilClosed } from './conventions/input.ts'
import { numberText, takes } from './conventions/query.ts'
import { logFields } from '../../shared/preview/preview-id.ts'

const MAX_LINES = 10_000
const wrongTail = `tail is a number of lines, 0 to ${MAX_LINES}, or all.`

/** @param name the parameter's */
function flag(name: string, description: string) {
  return z
    .enum(['0', '1'], `${name} is 0 or 1.`)
    .transform((text) => (text === '1' ? 1 : 0))
    .pipe(z.literal([0, 1]))
    .default(0)
    .meta({ description })
}

const query = z.object({
  tail: z
    .union(
      [z.literal('all'), numberText(/^\d+$/, z.int().min(0, wrongTail).max(MAX_LINES, wrongTail), wrongTail)],
      wrongTail,
    )
    .default(200)
    .meta({ description: 'How many of the last lines.' }),
  follow: flag('follow', '1: goes on until the container ends.'),
  service: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,19}$/, 'service is the name of a service of its stack.')
    .optional()
    .meta({ description: 'What that service of its stack has written; without it, the application.' }),
  timestamps: flag('timestamps', '1: each line begins with its own time (RFC 3339, in UTC) and a space.'),
})

const getLogs: Operation = {
  operationId: 'getLogs',
  summary: 'What its container has written, both streams in order.',
  parameters: [tagParameter],
  responses: {
    200: answer('The output.', z.string(), 'text/plain'),
    404: problemAnswer('There is no preview of this tag, or it has no container, or no such service.'),
    503: problemAnswer('The reaper, which reads logs, does not answer.'),
  },
}

export function logRoutes({ store, reaper, log }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/logs'
  return [{ method: 'GET', path, needs: 'read', operation: getLogs, ...takes(query, sendLog) }]

  async function sendLog(req: Request, res: Response, sent: z.output<typeof query>) {
    const { tail, follow, timestamps, service } = sent
    const id = previewIn(req)
    const preview = store.get(id)
    if (!preview) return sendNoPreview(res, id)
    const services = store.services.of(id)
    const part = partOf(preview, service, services)
    if (!part) return sendProblem(res, 'no-such-service', noServiceWords(preview, services), aboutOf(preview))
    const { container, name } = part
    const none = () => sendProblem(res, 'no-container', `${shownTag(name)} has no container now.`, aboutOf(preview))
    if (!container) return none()
    const signal = untilClosed(res)
    let output
    try {
      output = await reaper.logs(container, { tail, follow: follow === 1, timestamps: timestamps === 1, signal })
    } catch (error) {
      if (signal.aborted) return undefined
      log.warn({ ...logFields(id), err: error }, 'the reaper gave no log')
      return sendProblem(
        res,
        'no-reaper',
        'The reaper, which reads logs, does not answer. Try again.',
        aboutOf(preview),
      )
    }
    if (!output) return none()
    res.set({ 'Content-Type': 'text/plain; charset=utf-8', 'X-Accel-Buffering': 'no' }).flushHeaders()
    // Whichever side ends, the other one does.
    return pipeline(output, res).catch(() => {})
  }
}
