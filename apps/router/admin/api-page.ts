/** The API for people: what it can do, and what to type. */
import type { Request, Response } from 'express'
import { answerText, examplesAt } from '../../shared/api/examples.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { Route } from '../access/route.ts'
import type { ApiRoute } from '../api/conventions/operation.ts'
import { brandIn } from '../pages/brand.ts'
import { apiPage } from '../pages/render.ts'
import { sendPage } from './respond.ts'

type Described = Pick<ApiRoute, 'method' | 'path' | 'operation'>

/** @param calls with their whole paths */
export function apiPageRoutes(config: Config, calls: readonly Described[]): Route[] {
  const base = urlOf(config.domain, config)
  const page = {
    repository: config.repository,
    base: `${base}/api/v1`,
    examples: examplesAt(base).map((example) => ({ ...example, shown: answerText(example) })),
    calls: calls.map(({ method, path, operation }) => {
      return { method, path: path.replace('/api/v1', '').replace(':tag', 'TAG'), summary: operation.summary }
    }),
  }
  return [{ method: 'GET', path: '/api', needs: 'admin', handle: show }]

  function show(_req: Request, res: Response) {
    return sendPage(res, 200, apiPage(page, brandIn(res)))
  }
}
