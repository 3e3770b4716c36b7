import type { Request, Response } from 'express'
import type { z } from 'zod'
import { offeredTag, type OfferedTag } from '../../shared/api/offered-tag.ts'
import { states } from '../../shared/api/preview.ts'
import { urlOf } from '../../shared/config/config.ts'
import { callerOf } from '../access/caller.ts'
import { idOf } from '../../shared/preview/preview-id.ts'
import type { State } from '../../shared/preview/preview.ts'
import { hostOf, type Tag } from '../../shared/tag.ts'
import type { ApiContext } from './context.ts'
import { cut, listQuery, pageAnswer, readCursor, sendPage, writeCursor } from './conventions/list.ts'
import { repositoryOf } from './conventions/input.ts'
import type { ApiRoute, Operation } from './conventions/operation.ts'
import { takes } from './conventions/query.ts'

const query = listQuery(['unknown', ...states], ['tag'], { searches: 'the tag or its digest' })

const listTags: Operation = {
  operationId: 'listTags',
  summary: 'The tags that the registry offers.',
  description: 'Their `state` is that of their preview; `unknown` where there is none.',
  responses: { 200: pageAnswer(offeredTag) },
}

/** A push of this long ago may be missing; it is asked for. */
const AGE_MS = 5_000
/** A registry with few tags lists them sooner than that. Whoever has more gets the list that is known. */
const NEWER_MS = 1_000

export function tagRoutes({ config, store, changes, reaper }: ApiContext): ApiRoute[] {
  return [{ method: 'GET', path: '/tags', needs: 'read', operation: listTags, ...takes(query, list) }]

  async function list(req: Request, res: Response, { state: wanted, q, sort, limit, after }: z.output<typeof query>) {
    const repository = repositoryOf(req)
    if (after === undefined) await reaper.newerTags(repository, { age: AGE_MS, within: NEWER_MS })
    const { sees } = callerOf(res)
    const previews = new Map(
      changes.previews().flatMap((preview) => (preview.repository === repository ? [[preview.tag, preview]] : [])),
    )
    const idIn = (tag: Tag) => idOf({ repository, tag })
    const previewOf = (tag: Tag) => previews.get(tag)
    const stateOf = (tag: Tag): State => previewOf(tag)?.state ?? 'unknown'
    const rows = store.offeredFrom(repository, {
      q: q.trim().toLowerCase(),
      descending: sort.startsWith('-'),
      after: after === undefined ? undefined : readCursor(after, sort)?.[3],
      most: limit === undefined ? Infinity : limit + 1,
      // Not each of 100 000 tags is looked at for the few that have a preview: 40 ms instead of 240.
      among: wanted && !wanted.includes('unknown') ? [...previews.keys()] : undefined,
      suits: (tag) => (!wanted || wanted.includes(stateOf(tag))) && config.offers(idIn(tag)) && sees(idIn(tag)),
    })
    const page = cut(rows, limit, ({ tag }) => writeCursor([sort, tag, repository, tag]))
    return sendPage(req, res, page, (rows) => rows.map(viewOf))

    function viewOf({ tag, digest: known }: (typeof rows)[number]): OfferedTag {
      const preview = previewOf(tag)
      const host = hostOf(idIn(tag), config)
      const digest = known ?? preview?.image?.digest ?? null
      return { tag, digest, preview: preview !== undefined, host, url: urlOf(host, config) }
    }
  }
}
