import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { volume as schema, type VolumeJson } from '../../shared/api/volume.ts'
import { isInUse } from '../../shared/stack/data-use.ts'
import { idOf, logFields } from '../../shared/preview/preview-id.ts'
import type { VolumeRow } from '../../shared/store/volumes.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import {
  answer,
  noPreview,
  problemAnswer,
  tagParameter,
  type ApiRoute,
  type Operation,
} from './conventions/operation.ts'
import { namesOf } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

const listVolumes: Operation = {
  operationId: 'listVolumes',
  summary: 'The volumes of previews, by tag, without those of snapshots.',
  responses: { 200: answer('All of them.', z.array(schema)) },
}

const deleteVolume: Operation = {
  operationId: 'deleteVolume',
  summary: 'Deletes a volume of a preview that has no container.',
  description: 'The next start makes it anew. A preview that has containers is reset instead, or removed.',
  parameters: [tagParameter, { name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
  responses: {
    204: { description: 'It goes, or has gone before.' },
    404: noPreview,
    409: problemAnswer('Its preview has a container, which may use it; or a copy of it is being made.'),
  },
}

export function volumeRoutes({ config, store, log }: ApiContext): ApiRoute[] {
  const ofOne = '/volumes/:tag/:name'
  return [
    { method: 'GET', path: '/volumes', needs: 'read', operation: listVolumes, handle: list },
    { method: 'DELETE', path: ofOne, needs: 'run', operation: deleteVolume, handle: remove },
  ]

  function list(_req: Request, res: Response) {
    const { sees } = callerOf(res)
    const own = store.volumes.list().filter(({ snapshot, state }) => snapshot === null && state === 'current')
    res.json(own.filter((volume) => sees(idOf(volume))).map(jsonOf))
  }

  function remove(req: Request, res: Response) {
    const id = previewIn(req)
    const found = store.volumes.of(id).find(({ name }) => name === req.params.name)
    if (!found) return res.status(204).end()
    const isAsked = store.resets.open().some(({ preview }) => preview === id)
    const isCopied = store.snapshots.list().some(({ preview, state }) => preview === id && state === 'asked')
    const isMade = store.copies.list().some(({ of }) => of === id)
    if (isAsked || isCopied || isMade)
      return sendProblem(res, 'in-use', `A copy of the data of ${shownTag(id)} is being made.`, namesOf(id))
    if (isInUse(store.get(id), store.services.of(id)))
      return sendProblem(
        res,
        'in-use',
        `${shownTag(id)} has containers, which may use ${found.name}. A reset gives it empty volumes; its removal takes them along.`,
        namesOf(id),
      )
    store.volumes.retire(found.engine)
    const actor = actorOf(res)
    store.noteDone(id, { type: 'volumeRemoved', volume: found.name }, Date.now(), actor)
    log.info({ ...logFields(id), volume: found.name, ...actor }, 'volume deleted')
    return res.status(204).end()
  }

  function jsonOf(volume: VolumeRow): VolumeJson {
    const { repository, tag, name, bytes, measuredAt, created, usedAt, keep } = volume
    const id = idOf(volume)
    const time = (at: number) => new Date(at).toISOString()
    const stays = isInUse(store.get(id), store.services.of(id), Date.now())
    return {
      ...{ repository, tag: shownTag(tag), name, bytes },
      measured: measuredAt === null ? null : time(measuredAt),
      created: time(created),
      used: time(usedAt),
      goes: stays ? null : time(usedAt + (keep ?? config.dataFor)),
    }
  }
}
