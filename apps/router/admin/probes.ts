/** `/healthz` and `/readyz`: open, and on any host. */
import type { Request, Response } from 'express'
import type { Route } from '../access/route.ts'
import type { RouterContext } from '../context.ts'
import { readiness, routerName } from '../readiness.ts'

export function probeRoutes(context: RouterContext): Route[] {
  const checkReadiness = readiness(context)
  return [
    { method: 'GET', path: '/healthz', needs: 'public', handle: sendHealth },
    { method: 'GET', path: '/readyz', needs: 'public', handle: sendReadiness },
  ]

  function sendHealth(_req: Request, res: Response) {
    return res.set('Lotan-Router', routerName).json({ status: 'ok' })
  }

  async function sendReadiness(_req: Request, res: Response) {
    const { status, checks } = await checkReadiness()
    res.status(status === 'ready' ? 200 : 503).json({ status, checks })
  }
}
