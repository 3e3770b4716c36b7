import type { Request, Response } from 'express'
import { stats, type Stats } from '../../shared/api/stats.ts'
import { limitsOf } from '../../shared/config/limits.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import { SAMPLE_EVERY_MS } from '../../shared/store/samples.ts'
import type { ApiContext } from './context.ts'
import { previewIn } from './conventions/input.ts'
import { answer, noPreview, tagParameter, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendNoPreview } from './conventions/preview-problem.ts'

const getStats: Operation = {
  operationId: 'getStats',
  summary: 'Memory, processor time and requests of the last hour.',
  parameters: [tagParameter],
  responses: { 200: answer('A sample a minute.', stats), 404: noPreview },
}

export function statsRoutes({ config, store }: ApiContext): ApiRoute[] {
  return [{ method: 'GET', path: '/previews/:tag/stats', needs: 'read', operation: getStats, handle: sendStats }]

  function sendStats(req: Request, res: Response) {
    const preview = store.get(previewIn(req))
    if (!preview) return sendNoPreview(res, previewIn(req))
    const { memory, cpus } = limitsOf(preview.image?.labels ?? {}, config).limits
    const samples = store.samples(previewIn(req), Date.now())
    const told: Stats = {
      every: SAMPLE_EVERY_MS,
      limits: { memory: bytesOf(memory)!, cpus },
      samples: samples.map(({ at, ...sample }) => ({ time: new Date(at).toISOString(), ...sample })),
    }
    return res.json(told)
  }
}
