import type { Response } from 'express'
import { problemOf } from '../../shared/api/problem.ts'

export function sendProblem(res: Response, ...problem: Parameters<typeof problemOf>) {
  const body = problemOf(...problem)
  res.status(body.status).setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Cache-Control', 'no-store')
  res.end(JSON.stringify(body))
}
