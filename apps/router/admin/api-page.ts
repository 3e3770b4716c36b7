/** The API for people: what it can do, and what to type. */
import type { Request, Response } from 'express'
import { answerText, examplesAt } from '../../shared/api/examples.ts'
import { problemOf } from '../../shared/api/problem.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { Route } from '../access/route.ts'
import type { ApiRoute } from '../api/conventions/operation.ts'
import { isBelowRepository } from '../api/conventions/repositories.ts'
import { brandIn } from '../pages/brand.ts'
import { apiPage } from '../pages/render.ts'
import { sendPage } from './respond.ts'

type Described = Pick<ApiRoute, 'method' | 'path' | 'needs' | 'operation'>

/** @param calls with their whole paths */
export function apiPageRoutes(config: Config, calls: readonly Described[]): Route[] {
  const base = urlOf(config.domain, config)
  const about = { tag: 'pr-9999', state: 'unknown' }
  const page = {
    repository: config.repositories.map(({ reference }) => reference).join(', '),
    base: `${base}/api/v1`,
    examples: examplesAt(base).map((example) => ({ ...example, shown: answerText(example) })),
    calls: calls
      .filter((call) => !isBelowRepository(call))
      .map(({ method, path, needs, operation }) => {
        const shown = path.replace('/api/v1', '').replace(/:(\w+)/g, (_, name: string) => name.toUpperCase())
        return { method, path: shown, needs, summary: operation.summary }
      }),
    problem: JSON.stringify(problemOf(config, 'no-preview', 'There is no preview of this tag.', about), null, 2),
    client: clientWords(base),
  }
  return [{ method: 'GET', path: '/api', needs: 'admin', handle: show }]

  function show(_req: Request, res: Response) {
    return sendPage(res, 200, apiPage(page, brandIn(res)))
  }
}

function clientWords(base: string): string {
  return [
    `export LOTAN_API=${base} LOTAN_ADMIN_TOKEN=$TOKEN`,
    'curl -fsSO "$LOTAN_API/lotan.mjs"',
    'curl -fsS "$LOTAN_API/lotan.mjs.sha256" | sha256sum -c',
    'node lotan.mjs wait --refresh pr-3001 --timeout 300',
  ].join('\n')
}
