import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { preview as previewSchema } from '../../shared/api/preview.ts'
import type { AboutProblem } from '../../shared/api/problem.ts'
import type { ProblemName } from '../../shared/api/problems.ts'
import { failureWords } from '../../shared/words/failure-words.ts'
import { endWords } from '../words/stop-words.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import { actorOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import {
  answer,
  noPreview,
  problemAnswer,
  refused,
  tagParameter,
  type ApiRoute,
  type Operation,
} from './conventions/operation.ts'
import { aboutOf, isBarred, namesOf, sendNotOffered } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'
import { previewIn, untilClosed } from './conventions/input.ts'
import { numberText, takes } from './conventions/query.ts'
import { waitUntilRunning, type Waited } from './wait-until-running.ts'

const MAX_SECONDS = 600
const wrong = `timeout is seconds, 0 to ${MAX_SECONDS}.`

const query = z.object({
  timeout: numberText(/^\d+(\.\d+)?$/, z.number().min(0, wrong).max(MAX_SECONDS, wrong), wrong)
    .default(60)
    .meta({ description: 'Seconds to wait at most.' }),
})

const waitForPreview: Operation = {
  operationId: 'waitForPreview',
  summary: 'Starts a preview if need be, and answers once it runs.',
  description:
    'A tag that the registry does not have yet is asked for again until time is up. Where a newer image was asked ' +
    'for (refresh), or is taking over already, it is waited for until that has taken over, or is given up; `digest` ' +
    'says which one serves. Waiting counts as activity.',
  parameters: [tagParameter],
  responses: {
    200: answer('It runs.', previewSchema),
    403: refused,
    404: noPreview,
    409: problemAnswer(
      'It was stopped or removed meanwhile, or its pull request does not let it run; detail says why.',
    ),
    502: problemAnswer('It failed; reason says why.'),
    504: problemAnswer('Time is up.'),
  },
}

export function waitRoutes({ config, store, nudges, changes, waiters, view }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/wait'
  const takesTimeout = takes(query, answerOnceRunning)
  return [{ method: 'GET', path, needs: 'run', changes: true, operation: waitForPreview, ...takesTimeout }]

  async function answerOnceRunning(req: Request, res: Response, { timeout }: z.output<typeof query>) {
    const id = previewIn(req)
    if (!config.offers(id)) return sendNotOffered(res, id)
    if (isBarred(res, id, false, { config, store })) return undefined
    const signal = untilClosed(res)
    const deadline = Date.now() + timeout * 1_000
    const parts = { store, nudges, changes, waiters }
    const waited = await waitUntilRunning(id, parts, { deadline, signal, actor: actorOf(res) })
    if (signal.aborted) return undefined
    if (waited.end === 'running') return res.json(view(waited.preview))
    return sendProblem(res, ...problemOfWait(id, waited, timeout))
  }
}

function problemOfWait(
  id: PreviewId,
  waited: Exclude<Waited, { end: 'running' }>,
  seconds: number,
): [problem: ProblemName, detail: string, about: AboutProblem] {
  const about = waited.preview ? aboutOf(waited.preview) : { ...namesOf(id), state: 'unknown' }
  const name = shownTag(id)
  switch (waited.end) {
    case 'failed': {
      const { sentence, advice } = failureWords(splitId(id).tag, waited.preview.reason)
      // The first advice is for the person who can mend it.
      return ['preview-failed', sentence, { ...about, advice: advice[0]?.what }]
    }
    case 'stopped':
      return ['ended-meanwhile', `${name} was ${endOf(waited.preview)}.`, about]
    case 'late':
      if (waited.missing) return ['time-is-up', `The registry has no ${name} yet, after ${seconds} s.`, about]
      if (about.state === 'running')
        return ['time-is-up', `${name} runs, but its newer image has not taken over yet, after ${seconds} s.`, about]
      return ['time-is-up', `${name} does not run yet, after ${seconds} s: it is ${about.state}.`, about]
  }
}

function endOf(preview: Preview | undefined): string {
  if (!preview || preview.state === 'removing') return 'removed by somebody else'
  const isStopped = preview.state === 'stopped' || preview.state === 'stopping'
  return isStopped ? endWords[preview.why] : 'stopped by somebody else'
}
