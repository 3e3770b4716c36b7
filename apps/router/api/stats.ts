import type { Request, Response } from 'express'
import { stats, type Stats } from '../../shared/api/stats.ts'
import { limitsOf } from '../../shared/config/limits.ts'
import { bytesOf } from '../../shared/config/values/amount.ts'
import type { ServiceRow } from '../../shared/stack/service-state.ts'
import { SAMPLE_EVERY_MS } from '../../shared/store/samples.ts'
import type { Figures } from '../reaper-client.ts'
import { figureOf } from '../services/stack-view.ts'
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

export function statsRoutes({ config, store, reaper, log }: ApiContext): ApiRoute[] {
  return [{ method: 'GET', path: '/previews/:tag/stats', needs: 'read', operation: getStats, handle: sendStats }]

  async function sendStats(req: Request, res: Response) {
    const services = store.services.of(previewIn(req))
    const figures = services.length > 0 ? await figuresNow() : {}
    const preview = store.get(previewIn(req))
    if (!preview) return sendNoPreview(res, previewIn(req))
    const { memory, cpus } = limitsOf(preview.image?.labels ?? {}, config).limits
    const samples = store.samples(previewIn(req), Date.now())
    const told: Stats = {
      every: SAMPLE_EVERY_MS,
      limits: { memory: bytesOf(memory)!, cpus },
      samples: samples.map(({ at, ...sample }) => ({ time: new Date(at).toISOString(), ...sample })),
      services: services.map((service) => takenNow(service, figures)),
    }
    return res.json(told)
  }

  /** Without them the rest is told. */
  async function figuresNow(): Promise<Record<string, Figures>> {
    return reaper.figures().catch((error: Error) => {
      log.debug({ err: error }, 'the reaper gave no figures')
      return {}
    })
  }
}

function takenNow(service: ServiceRow, figures: Record<string, Figures>): Stats['services'][number] {
  const { memory = null, cpu = null, at } = figureOf(service, figures) ?? {}
  const time = at === undefined ? null : new Date(at).toISOString()
  return { name: service.name, state: service.state, memory, cpu, time }
}
