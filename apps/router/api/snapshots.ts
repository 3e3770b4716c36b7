import { shownKey } from '../../shared/preview/copy.ts'
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { snapshot as schema, snapshotToMake, type SnapshotJson } from '../../shared/api/snapshot.ts'
import { logFields, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Snapshot } from '../../shared/store/store.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { checked, previewIn } from './conventions/input.ts'
import { answer, body, noPreview, problemAnswer, refused, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts' // prettier-ignore
import { namesOf, sendNoPreview } from './conventions/preview-problem.ts'
import { sendProblem } from './conventions/problem.ts'

const nameParameter = { name: 'name', in: 'path', required: true, schema: { type: 'string' } }
const noSnapshot = problemAnswer('There is no snapshot of this name.')
const one = answer('The snapshot as it is now.', schema)

const makeSnapshot: Operation = {
  operationId: 'makeSnapshot',
  summary: 'Copies the volumes of a preview under a name.',
  description:
    'It is made in the background: look at it until its state is not `asked`. A preview that runs is frozen for the copy, ' +
    'and goes on. A snapshot stays until it is deleted, also when its preview goes.',
  parameters: [tagParameter],
  requestBody: body(snapshotToMake),
  responses: {
    202: answer('It is being made.', schema),
    400: problemAnswer('The name is none.'),
    403: refused,
    404: noPreview,
    409: problemAnswer('The name is taken, or the preview has no volumes.'),
    413: problemAnswer('More than a name.'),
    415: problemAnswer('The body is not sent as JSON.'),
  },
}

const listSnapshots: Operation = {
  operationId: 'listSnapshots',
  summary: 'The snapshots, by name.',
  responses: { 200: answer('All of them.', z.array(schema)) },
}

const getSnapshot: Operation = {
  operationId: 'getSnapshot',
  summary: 'One snapshot.',
  parameters: [nameParameter],
  responses: { 200: one, 404: noSnapshot },
}

const deleteSnapshot: Operation = {
  operationId: 'deleteSnapshot',
  summary: 'Deletes a snapshot.',
  description: 'What began with it keeps its own copy.',
  parameters: [nameParameter],
  responses: {
    204: { description: 'It is gone, or has been before.' },
    409: problemAnswer('It is being made, or copied.'),
  },
}

const publishSnapshot: Operation = {
  operationId: 'publishSnapshot',
  summary: 'Lets other previews begin with a snapshot, but those of forks.',
  description:
    'Each who can push an image, or reset a preview, reads what is in it then, with the secrets of its stack.',
  parameters: [nameParameter],
  responses: { 200: one, 404: noSnapshot, 409: problemAnswer('It is not ready.') },
}

const unpublishSnapshot: Operation = {
  operationId: 'unpublishSnapshot',
  summary: 'Lets other previews begin with a snapshot no more.',
  parameters: [nameParameter],
  responses: { 200: one, 404: noSnapshot },
}

export function snapshotRoutes({ store, nudges, log }: ApiContext): ApiRoute[] {
  const ofOne = '/snapshots/:name'
  const published = '/snapshots/:name/publish'
  const sent = { type: 'json', limit: 4_096 } as const
  return [
    {
      method: 'POST',
      path: '/previews/:tag/snapshots',
      needs: 'run',
      operation: makeSnapshot,
      body: sent,
      handle: make,
    },
    { method: 'GET', path: '/snapshots', needs: 'read', operation: listSnapshots, handle: list },
    { method: 'GET', path: ofOne, needs: 'read', operation: getSnapshot, handle: show },
    { method: 'DELETE', path: ofOne, needs: 'run', operation: deleteSnapshot, handle: remove },
    { method: 'POST', path: published, needs: 'admin', operation: publishSnapshot, handle: publish },
    { method: 'DELETE', path: published, needs: 'admin', operation: unpublishSnapshot, handle: unpublish },
  ]

  async function make(req: Request, res: Response) {
    if (req.is('json') === false)
      return sendProblem(res, 'wrong-type', 'Send {"name": …} as Content-Type: application/json.')
    const wanted = checked(snapshotToMake, req.body, res)
    if (!wanted) return undefined
    const { name } = wanted
    const id = previewIn(req)
    if (!hasData(id, res)) return undefined
    if (!store.snapshots.ask(name, id, Date.now(), actorOf(res)))
      return sendProblem(res, 'name-taken', `There is a snapshot ${name} already.`)
    log.info({ ...logFields(id), snapshot: name, ...actorOf(res) }, 'snapshot asked for')
    await nudges.data(id)
    return res
      .status(202)
      .location(`/api/v1/snapshots/${name}`)
      .json(jsonOf(store.snapshots.find(name)!))
  }

  /** @returns whether it has; if not, that was said */
  function hasData(id: PreviewId, res: Response): boolean {
    if (store.volumes.of(id).length > 0) return true
    if (!store.get(id)) sendNoPreview(res, id)
    else sendProblem(res, 'no-volumes', `${shownTag(id)} has no volumes.`, namesOf(id))
    return false
  }

  function list(_req: Request, res: Response) {
    res.json(store.snapshots.list().filter(isSeen(res)).map(jsonOf))
  }

  function show(req: Request, res: Response) {
    const found = known(req, res)
    return found ? res.json(jsonOf(found)) : sendNoSnapshot(res)
  }

  function remove(req: Request, res: Response) {
    const found = known(req, res)
    const done = found ? store.snapshots.drop(found.name, Date.now(), actorOf(res)) : 'gone'
    if (done === 'in-use') return sendProblem(res, 'in-use', `Snapshot ${found!.name} is being made, or copied.`)
    if (done === 'removed') log.info({ snapshot: found!.name, ...actorOf(res) }, 'snapshot deleted')
    return res.status(204).end()
  }

  function publish(req: Request, res: Response) {
    const found = known(req, res)
    if (found && found.state !== 'ready') return sendProblem(res, 'in-use', `Snapshot ${found.name} is not ready.`)
    return setPublished(req, res, true)
  }

  function unpublish(req: Request, res: Response) {
    return setPublished(req, res, false)
  }

  function setPublished(req: Request, res: Response, published: boolean) {
    const found = known(req, res)
    if (!found) return sendNoSnapshot(res)
    if (found.published !== published) {
      store.snapshots.publish(found.name, published, Date.now(), actorOf(res))
      log.info({ snapshot: found.name, published, ...actorOf(res) }, 'snapshot published')
    }
    return res.json(jsonOf({ ...found, published }))
  }

  function known(req: Request, res: Response): Snapshot | undefined {
    const found = store.snapshots.find(req.params.name as string)
    return found && isSeen(res)(found) ? found : undefined
  }

  function isSeen(res: Response) {
    const { sees } = callerOf(res)
    return ({ preview }: Snapshot) => sees(preview)
  }

  /** Without what its secrets are made of. */
  function jsonOf({ preview, created, by, frozen, ...snapshot }: Snapshot): SnapshotJson {
    const { name, state, digest, revision, stack, published, reason } = snapshot
    const own = store.volumes.list().filter((volume) => volume.snapshot === name && volume.state === 'current')
    return {
      ...{ name, state, digest, revision, stack, published, reason },
      ...shownKey(preview),
      created: new Date(created).toISOString(),
      by: by.who,
      frozenMs: frozen,
      volumes: own.map(({ name, bytes }) => ({ name, bytes })),
    }
  }
}

export function sendNoSnapshot(res: Response) {
  return sendProblem(res, 'no-snapshot', 'There is no snapshot of this name.')
}
