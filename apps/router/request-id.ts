/** One id follows a request through all logs: nginx makes it, or takes one that looks like one (nginx/http/logging). */
import { randomUUID } from 'node:crypto'
import type { NextFunction, Request, Response } from 'express'
import { forRequest } from '../shared/request-id.ts'

/** A request that comes without one gets one of the same form. What is said to the client is theirs to quote. */
export function traced({ headers }: Request, res: Response, next: NextFunction): void {
  const given = headers['x-request-id']
  const id = typeof given === 'string' && given !== '' ? given : randomUUID().replaceAll('-', '')
  res.locals.request = id
  res.set('Lotan-Request-Id', id)
  forRequest(id, next)
}

export function requestIdOf({ locals }: Response): string {
  return (locals as { request: string }).request
}
