import type { Request, Response } from 'express'
import type { z } from 'zod'
import { pullRequest, type PullRequestJson } from '../../shared/api/pull-request.ts'
import { callerOf } from '../access/caller.ts'
import { changesTold } from '../changes/changes-told.ts'
import { isChangeFound } from '../changes/found.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { ApiContext } from './context.ts'
import { listQuery, pageAnswer, pageOf, sendPage, type Order } from './conventions/list.ts'
import type { ApiRoute, Operation } from './conventions/operation.ts'
import { takes } from './conventions/query.ts'

const query = listQuery(['open', 'closed', 'merged'], ['state', 'number'], {
  searches: 'number, title, author, branch or tag',
})

const listChanges: Operation = {
  operationId: 'listChanges',
  summary: 'The pull or merge requests that are known, with their previews.',
  description:
    'Open ones first, the newest first. They are read from the forge that LOTAN_FORGE names; without one there are none.',
  responses: { 200: pageAnswer(pullRequest) },
}

/** `tag` is a place beside others of the same value: the newest first. */
interface Row {
  repository: string
  tag: string
  told: PullRequestJson
}

const HIGHEST = 9_999_999_999
const order: Order<Row, 'state' | 'number'> = {
  state: ({ told }) => (told.state === 'open' ? 0 : 1),
  number: ({ told }) => told.number,
}

export function changeRoutes({ config, store, changes }: ApiContext): ApiRoute[] {
  return [{ method: 'GET', path: '/changes', needs: 'read', operation: listChanges, ...takes(query, list) }]

  function list(req: Request, res: Response, sent: z.output<typeof query>) {
    const { sees } = callerOf(res)
    const { state: wanted, q } = sent
    const rows = (config.forge ? changesTold(store.changes.withTags(), changes.previews()) : [])
      // One without a tag is for who may see all.
      .filter(({ repository, tag }) => sees(idOf({ repository, tag: tag ?? '' })))
      .filter((told) => (!wanted || wanted.includes(told.state)) && isChangeFound(told, q, told.tag ?? ''))
      .map((told): Row => ({ repository: told.repository, tag: placeOf(told), told }))
    return sendPage(req, res, pageOf(rows, sent, order), (page) => page.map(({ told }) => told))
  }
}

function placeOf({ number }: PullRequestJson): string {
  return String(HIGHEST - number).padStart(String(HIGHEST).length, '0')
}
