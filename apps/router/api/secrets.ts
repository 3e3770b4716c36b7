import type { Request, Response } from 'express'
import { z } from 'zod'
import { secret as schema, type SecretJson } from '../../shared/api/volume.ts'
import { logFields } from '../../shared/preview/preview-id.ts'
import { stackSecret } from '../../shared/stack/secrets.ts'
import { stackOf } from '../../shared/stack/stack-of.ts'
import { secretNames } from '../../shared/stack/variables.ts'
import { actorOf } from '../access/caller.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, noPreview, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'

const listSecrets: Operation = {
  operationId: 'listSecrets',
  summary: 'The secrets that Lotan made for the stack of a preview.',
  description: 'Its history tells who has read them. None are there before its first start.',
  parameters: [tagParameter],
  responses: { 200: answer('Those that its stack names.', z.array(schema)), 404: noPreview },
}

export function secretRoutes({ config, store, log }: ApiContext): ApiRoute[] {
  return [{ method: 'GET', path: '/previews/:tag/secrets', needs: 'admin', operation: listSecrets, handle: list }]

  function list(req: Request, res: Response) {
    const id = previewIn(req)
    const preview = store.get(id)
    if (!preview) return sendNoPreview(res, id)
    const read = preview.image && stackOf(id, preview.image, config)
    const names = read && 'stack' in read ? secretNames([read.stack.app, ...read.stack.services]) : []
    const salt = store.stackSalts.find(id)
    const secrets =
      salt === undefined
        ? []
        : names.map((name): SecretJson => {
            return { name: `LOTAN_SECRET_${name}`, value: stackSecret(config.stackKey, salt, name) }
          })
    const actor = actorOf(res)
    store.noteDone(id, { type: 'secretsRead' }, Date.now(), actor)
    log.info({ ...logFields(id), secrets: secrets.length, ...actor }, 'secrets read')
    res.set('Cache-Control', 'no-store').json(secrets)
  }
}
