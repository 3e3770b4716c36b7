import { meantBy } from '../../shared/preview/copy.ts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { preview as previewSchema, states, type PreviewJson } from '../../shared/api/preview.ts'
import type { Preview } from '../../shared/preview/preview.ts'
import type { ShellSession } from '../../shared/store/store.ts'
import { callerOf, may } from '../access/caller.ts'
import { insideNow } from '../inside.ts'
import { acceptAction } from './actions.ts'
import type { ApiContext } from './context.ts'
import {
  accepted,
  answer,
  barred,
  body,
  change,
  noPreview,
  problemAnswer,
  refused,
  tagParameter,
  type ApiRoute,
  type Operation,
} from './conventions/operation.ts'
import { sendNoPreview, sendNotForToken } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'
import { checked, previewIn, repositoryOf, tagText } from './conventions/input.ts'
import { listQuery, pageAnswer, pageOf, sendPage, type Order } from './conventions/list.ts'
import { takes } from './conventions/query.ts'
import { repositoryQuery } from './conventions/repositories.ts'
import { openChanges } from '../changes/open-changes.ts'
import { isFound } from '../pages/list/list.ts'
import { previewPath } from '../../shared/api/paths.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { Figures } from '../reaper-client.ts'
import { allStackRows, stackRowsOf, type StackRows } from '../services/stack-rows.ts'
import { figureOf, memoryOfServices } from '../services/stack-view.ts'

const wrong = 'Send {"tag": …} with a valid image tag.'
const added = z.object({ tag: tagText(wrong) }, wrong)

const query = listQuery(states, ['tag', 'state', 'since', 'lastSeen'], {
  searches: 'tag, digest, revision, reason or change',
})
const order: Order<Preview, 'tag' | 'state' | 'since' | 'lastSeen'> = {
  tag: ({ tag }) => tag,
  state: ({ state }) => state,
  since: ({ since }) => since,
  lastSeen: ({ lastSeen }) => lastSeen,
}

const listPreviews: Operation = {
  operationId: 'listPreviews',
  summary: 'The previews.',
  responses: { 200: pageAnswer(previewSchema) },
}

const addPreview: Operation = {
  operationId: 'addPreview',
  summary: 'Adds a tag and starts it.',
  requestBody: body(added),
  responses: {
    202: accepted,
    400: problemAnswer('No JSON with a valid tag.'),
    403: refused,
    409: barred,
    413: problemAnswer('More than a tag.'),
    415: problemAnswer('The body is not sent as JSON.'),
  },
}

const getPreview: Operation = {
  operationId: 'getPreview',
  summary: 'One preview.',
  parameters: [tagParameter],
  responses: { 200: answer('The preview.', previewSchema), 404: noPreview },
}

const removePreview = change('removePreview', 'Removes a preview: its container and its image go.')

export function previewRoutes(context: ApiContext): ApiRoute[] {
  const { config, store, changes, view, views, reaper, log } = context
  const shown = openChanges(context)
  const queryOfAll = query.safeExtend({ repository: repositoryQuery(config.repositories) })
  const ofTag = '/previews/:tag'
  const tagBody = { type: 'json', limit: 4_096 } as const
  return [
    {
      method: 'GET',
      path: '/previews',
      needs: 'read',
      operation: listPreviews,
      ...takes(queryOfAll, listAll),
      inRepository: takes(query, listOne),
    },
    { method: 'POST', path: '/previews', needs: 'run', operation: addPreview, body: tagBody, handle: add },
    { method: 'GET', path: ofTag, needs: 'read', operation: getPreview, handle: show },
    { method: 'DELETE', path: ofTag, needs: 'run', operation: removePreview, handle: remove },
  ]

  function listAll(req: Request, res: Response, { repository, ...sent }: z.output<typeof queryOfAll>) {
    return list(req, res, sent, repository)
  }

  function listOne(req: Request, res: Response, sent: z.output<typeof query>) {
    return list(req, res, sent, repositoryOf(req))
  }

  /** @param of a repository's name; undefined: of all */
  async function list(req: Request, res: Response, sent: z.output<typeof query>, of: string | undefined) {
    const { state: wanted = states, q } = sent
    const { sees } = callerOf(res)
    const changeOf = q ? shown.all() : () => null
    const isWanted = (preview: Preview) =>
      (of === undefined || preview.repository === of) &&
      sees(idOf(preview)) &&
      wanted.includes(preview.state as PreviewJson['state']) &&
      isFound(preview, q, changeOf(idOf(preview)))
    const figures = await figuresNow()
    const told = (of: readonly Preview[]) => {
      const rowsOf = allStackRows(store)
      return views(of).map((preview) => withMemory(preview, rowsOf(idOf(preview)), figures))
    }
    return sendPage(req, res, pageOf(changes.previews().filter(isWanted), sent, order), told)
  }

  async function add(req: Request, res: Response) {
    if (req.is('json') === false)
      return sendProblem(res, 'wrong-type', 'Send {"tag": …} as Content-Type: application/json.')
    const sent = checked(added, req.body, res)
    if (!sent) return undefined
    const asked = idOf({ repository: repositoryOf(req), tag: sent.tag })
    const id = meantBy(asked, (copy) => store.get(copy) !== undefined)
    if (!callerOf(res).sees(id)) return sendNotForToken(res, id)
    res.location(`/api/v1${previewPath(id)}`)
    return acceptAction(context, 'start', id, res)
  }

  async function show(req: Request, res: Response) {
    const figures = await figuresNow()
    const preview = store.get(previewIn(req))
    if (!preview) return sendNoPreview(res, previewIn(req))
    const told = withMemory(view(preview), stackRowsOf(idOf(preview), store), figures)
    if (config.shell === null || !may(callerOf(res), 'shell')) return res.json(told)
    return res.json({ ...told, sessions: insideNow(context, idOf(preview)).map(sessionJson) })
  }

  /** Previews are told of without them. */
  async function figuresNow(): Promise<Record<string, Figures>> {
    return reaper.figures().catch((error: Error) => {
      log.debug({ err: error }, 'the reaper gave no figures')
      return {}
    })
  }

  function remove(req: Request, res: Response) {
    return acceptAction(context, 'remove', previewIn(req), res)
  }
}

function withMemory(preview: PreviewJson, { services }: StackRows, figures: Record<string, Figures>): PreviewJson {
  const isUp = preview.state === 'running' || preview.state === 'paused'
  const figure = isUp && preview.container !== null ? figures[preview.container] : undefined
  return {
    ...preview,
    memory: figure ? memoryJson(figure.memory + memoryOfServices(services, figures), figure) : null,
    services: preview.services.map((told) => {
      const service = services.find(({ name }) => name === told.name)
      const own = service && figureOf(service, figures)
      return { ...told, memory: own ? memoryJson(own.memory, own) : null }
    }),
  }
}

function sessionJson({
  who,
  kind,
  service,
  program,
  via,
  opened,
}: ShellSession): NonNullable<PreviewJson['sessions']>[0] {
  return { who, kind, service, program, via, since: new Date(opened).toISOString() }
}

function memoryJson(bytes: number, { at }: Figures) {
  return { bytes, at: new Date(at).toISOString() }
}
