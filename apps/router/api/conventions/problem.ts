import type { Express, Response } from 'express'
import { problemOf, type AboutProblem } from '../../../shared/api/problem.ts'
import type { ProblemName } from '../../../shared/api/problems.ts'
import type { Config } from '../../../shared/config/config.ts'
import { jsonText } from './readable-json.ts'

type Site = Pick<Config, 'domain' | 'publicUrl'>

/** So that what the app sends says where its problems are explained. */
export function linkProblems(app: Express, site: Site) {
  app.locals.site = site
}

export function sendProblem(res: Response, name: ProblemName, detail: string, about?: AboutProblem) {
  const body = problemOf(res.app.locals.site as Site, name, detail, about)
  res.status(body.status).setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Cache-Control', 'no-store')
  res.end(jsonText(body, res.req.headers))
}
