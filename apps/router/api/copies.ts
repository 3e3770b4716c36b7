import type { Request, Response } from 'express'
import type { z } from 'zod'
import { cloneToMake, copyAsked, copyToKeep, type CopyAskedJson } from '../../shared/api/copy.ts'
import { previewPath } from '../../shared/api/paths.ts'
import { spanOf } from '../../shared/api/span.ts'
import { urlOf } from '../../shared/config/config.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import { shownKey } from '../../shared/preview/copy.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { hostOf } from '../../shared/tag.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import { askForCopy } from '../copies.ts'
import type { ApiContext } from './context.ts'
import { checked, previewIn } from './conventions/input.ts'
import {
  answer,
  body,
  noPreview,
  problemAnswer,
  refused,
  tagParameter,
  type ApiRoute,
  type Operation,
} from './conventions/operation.ts'
import { namesOf, sendNoPreview } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

function makes(operationId: string, summary: string, description: string, sent: z.ZodType): Operation {
  return {
    operationId,
    summary,
    description,
    parameters: [tagParameter],
    requestBody: body(sent),
    responses: {
      202: answer('It is made, which may take a while: it is a preview once it is there.', copyAsked),
      400: problemAnswer('`as` is no name of a copy, or `for` no span of time.'),
      403: refused,
      404: noPreview,
      409: problemAnswer(
        'Another one has the name; its image is not here; or it comes from a fork that is not approved.',
      ),
      413: problemAnswer('More than that.'),
      415: problemAnswer('The body is not sent as JSON.'),
    },
  }
}

const clonePreview = makes(
  'clonePreview',
  'Makes a preview of its own of a preview: application and data.',
  'What happens to the one is nothing to the other. It is pinned for a while, and starts with a visit.',
  cloneToMake,
)
const keepPreview = makes(
  'keepPreview',
  'Freezes a preview as it is now, with what its application has written, at an address of its own.',
  'It is pinned, and starts with a visit from what was kept. It counts against LOTAN_MAX_RUNNING only while it is up.',
  copyToKeep,
)

export function copyRoutes(context: ApiContext): ApiRoute[] {
  const { config, store } = context
  const route = { method: 'POST', needs: 'run', body: { type: 'json', limit: 4_096 } } as const
  return [
    { ...route, path: '/previews/:tag/clone', operation: clonePreview, handle: asked(false, cloneToMake) },
    { ...route, path: '/previews/:tag/keep', operation: keepPreview, handle: asked(true, copyToKeep) },
  ]

  function asked(kept: boolean, schema: typeof cloneToMake | typeof copyToKeep) {
    return async (req: Request, res: Response) => {
      if (req.is('json') === false)
        return sendProblem(res, 'wrong-type', 'Send {"as": …} as Content-Type: application/json.')
      const sent = checked(schema, req.body, res)
      if (!sent) return undefined
      const of = previewIn(req)
      if (!store.get(of)) return sendNoPreview(res, of)
      const wanted = { as: sent.as, kept, lasts: sent.for === undefined ? undefined : spanOf(sent.for) }
      const made = await askForCopy(of, wanted, actorOf(res), callerOf(res).sees, context)
      if ('problem' in made) return sendProblem(res, made.problem, made.sentence, namesOf(of))
      return res
        .status(202)
        .location(`/api/v1${previewPath(made.copy)}`)
        .json(jsonOf(made.copy, of, kept))
    }
  }

  function jsonOf(copy: PreviewId, of: PreviewId, kept: boolean): CopyAskedJson {
    const host = hostOf(copy, config)
    return { ...shownKey(copy), host, url: urlOf(host, config), of: shownTag(splitId(of).tag), kept }
  }
}
