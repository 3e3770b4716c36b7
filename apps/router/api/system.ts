import type { Request, Response } from 'express'
import { system, type System } from '../../shared/api/system.ts'
import { openSystem } from '../system/gather.ts'
import { warningsOf } from '../system/warnings.ts'
import type { ApiContext } from './context.ts'
import { answer, type ApiRoute, type Operation } from './conventions/operation.ts'

const getSystem: Operation = {
  operationId: 'getSystem',
  summary:
    'The installation as a whole: warnings, versions, disk, memory, slots, queue, settings, what sleeping has saved.',
  responses: { 200: answer('What does not answer is null.', system) },
}

export function systemRoutes(context: ApiContext): ApiRoute[] {
  const gather = openSystem(context)
  return [{ method: 'GET', path: '/system', needs: 'admin', operation: getSystem, handle: sendSystem }]

  async function sendSystem(req: Request, res: Response) {
    const facts = await gather(req.get('X-Nginx-Version'))
    const warnings = warningsOf(facts, context.config).map(({ check, level, says, advice, since }) => ({
      check,
      level: level as System['warnings'][number]['level'],
      says,
      advice: advice ?? null,
      since: since === undefined ? null : new Date(since).toISOString(),
    }))
    const told: System = { ...facts.told, warnings }
    return res.json(told)
  }
}
