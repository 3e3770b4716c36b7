import type { Request, Response } from 'express'
import { z } from 'zod'
import { session as sessionSchema, type SessionJson } from '../../shared/api/session.ts'
import type { Session } from '../../shared/store/store.ts'
import { actorOf, callerOf } from '../access/caller.ts'
import { logOutSession } from '../access/credentials.ts'
import type { ApiContext } from './context.ts'
import { answer, problemAnswer, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendProblem } from './conventions/problem.ts'

const listSessions: Operation = {
  operationId: 'listSessions',
  summary: 'Who is logged in, the last used first.',
  responses: { 200: answer('All that are not over.', z.array(sessionSchema)) },
}

const endSession: Operation = {
  operationId: 'endSession',
  summary: 'Ends a session: its browser has to log in again.',
  parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
  responses: {
    204: { description: 'It is over.' },
    403: problemAnswer('Another site asked for the change, with the login cookie.'),
    404: problemAnswer('There is no such session.'),
  },
}

export function sessionRoutes({ store, log }: ApiContext): ApiRoute[] {
  const ofSession = '/sessions/:id'
  return [
    { method: 'GET', path: '/sessions', needs: 'admin', operation: listSessions, handle: list },
    { method: 'DELETE', path: ofSession, needs: 'admin', operation: endSession, handle: end },
  ]

  function list(_req: Request, res: Response) {
    const current = callerOf(res).session
    res.json(store.sessions.list(Date.now()).map((session) => jsonOf(session, current)))
  }

  function end(req: Request, res: Response) {
    if (!logOutSession(req.params.id as string, actorOf(res), { store, log }))
      return sendProblem(res, 'no-session', 'There is no such session.')
    return res.status(204).end()
  }
}

function jsonOf({ created, lastUsed, until, ...session }: Session, current: string | undefined): SessionJson {
  const time = (at: number) => new Date(at).toISOString()
  return {
    ...session,
    created: time(created),
    lastUsed: time(lastUsed),
    until: time(until),
    current: session.id === current,
  }
}
