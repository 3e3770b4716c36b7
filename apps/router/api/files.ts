import type { Request, Response } from 'express'
import { z } from 'zod'
import { actorOf } from '../access/caller.ts'
import { passToShell } from '../shell-client.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, problemAnswer, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { namesOf, sendNotOffered } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'
import { takes } from './conventions/query.ts'

const RETRY_S = 2

const query = z.object({
  path: z
    .string('path is missing: an absolute path in the container.')
    // The engine takes no zero byte.
    .regex(/^\/[^\0]{0,4000}$/, 'path is an absolute path in the container, of up to 4,000 characters.')
    .meta({ description: 'An absolute path in the container.' }),
  service: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,19}$/, 'service is the name of a service of its stack.')
    .optional()
    .meta({ description: 'In the container of that service of its stack; without it, in the application’s.' }),
})

const tar = z.string().meta({ format: 'binary' })

const answers = {
  403: problemAnswer('Another site asked for it, with the login cookie; or the preview is not offered or approved.'),
  404: problemAnswer('There is no such tag, service or path, or this Lotan lets nobody look inside previews.'),
  409: problemAnswer('The application’s user may not do it, or the preview cannot be up.'),
  429: problemAnswer('As many sessions as may be are open.'),
  502: problemAnswer('The preview, or the session, did not start.'),
  503: problemAnswer('The part that looks inside previews does not answer.'),
}

const getFiles: Operation = {
  operationId: 'getFiles',
  summary: 'A file or folder of its container, as a tar.',
  description:
    'It wakes the preview. The names in the tar begin with the last part of the path; a path that is a link is ' +
    'followed. Where not all could be read, the answer breaks off.',
  parameters: [tagParameter],
  responses: { 200: answer('The tar.', tar, 'application/x-tar'), ...answers },
}

const putFiles: Operation = {
  operationId: 'putFiles',
  summary: 'Unpacks a tar in a folder of its container.',
  description:
    'It wakes the preview. The tar is not compressed, and holds files and folders alone: links, devices, `..` and ' +
    'absolute paths are refused. It is looked at whole before anything of it is written. The files become the ' +
    'application’s own user’s.',
  parameters: [tagParameter],
  requestBody: { required: true, content: { 'application/x-tar': { schema: { type: 'string', format: 'binary' } } } },
  responses: {
    204: { description: 'All of it is there.' },
    400: problemAnswer('It is no tar, or has an entry that is refused: nothing was written. Or the path is no folder.'),
    507: problemAnswer('The disk has no room for it: nothing was written.'),
    ...answers,
  },
}

export function fileRoutes({ config }: ApiContext): ApiRoute[] {
  const path = '/previews/:tag/files'
  return [
    // A GET wakes the preview: no other site’s page does that with a person’s cookie.
    { method: 'GET', path, needs: 'shell', changes: true, operation: getFiles, ...takes(query, pass) },
    { method: 'PUT', path, needs: 'shell', operation: putFiles, ...takes(query, pass) },
  ]

  async function pass(req: Request, res: Response, { path, service }: z.output<typeof query>) {
    const preview = previewIn(req)
    if (config.shell === null)
      return sendProblem(res, 'shell-off', 'This Lotan lets nobody look inside previews.', namesOf(preview))
    if (!config.offers(preview)) return sendNotOffered(res, preview)
    const asked = new URLSearchParams({ preview, path, ...(service !== undefined && { service }) })
    const uri = `/files?${asked.toString()}`
    if (await passToShell(req, res, { config, uri, actor: actorOf(res) })) return undefined
    res.setHeader('Retry-After', RETRY_S)
    const sentence = `The part of Lotan that looks inside previews does not answer. Try again in ${RETRY_S} s.`
    return sendProblem(res, 'restarting', sentence, namesOf(preview))
  }
}
