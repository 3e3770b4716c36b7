import type { Request, Response } from 'express'
import { z } from 'zod'
import {
  newToken,
  token as tokenSchema,
  tokenToAdd,
  type NewTokenJson,
  type TokenJson,
} from '../../shared/api/token.ts'
import type { Token } from '../../shared/store/store.ts'
import { actorOf } from '../access/caller.ts'
import { makeNewToken, revokeToken } from '../access/credentials.ts'
import type { ApiContext } from './context.ts'
import { checked } from './conventions/input.ts'
import { answer, body, problemAnswer, type ApiRoute, type Operation } from './conventions/operation.ts'
import { sendProblem } from './conventions/problem.ts'

const listTokens: Operation = {
  operationId: 'listTokens',
  summary: 'The tokens of programs, by name; those that have ended too.',
  responses: { 200: answer('All of them, without the tokens themselves.', z.array(tokenSchema)) },
}

const otherSite = problemAnswer('Another site asked for the change, with the login cookie.')

const addToken: Operation = {
  operationId: 'addToken',
  summary: 'Makes a token for a program.',
  description:
    'One with `match` sees only the previews and tags that match: lists, events and tags hold no others, and a single ' +
    'one that does not match is unknown to it. What is matched is `pr-7`, or `api/pr-7` in a repository with a name. A token that can `admin` takes no `match`, since tokens, sessions and ' +
    'settings know no tags.',
  requestBody: body(tokenToAdd),
  responses: {
    201: answer('It was made. This answer alone has the token itself.', newToken),
    400: problemAnswer('What was sent makes no token; detail says why.'),
    403: otherSite,
    409: problemAnswer('There is one of that name.'),
    413: problemAnswer('More than a token.'),
    415: problemAnswer('The body is not sent as JSON.'),
  },
}

const removeToken: Operation = {
  operationId: 'removeToken',
  summary: 'Removes a token: it opens nothing any more.',
  parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
  responses: {
    204: { description: 'It is gone.' },
    403: otherSite,
    404: problemAnswer('There is no token of that name.'),
  },
}

export function tokenRoutes({ store, log }: ApiContext): ApiRoute[] {
  const path = '/tokens'
  const ofToken = '/tokens/:name'
  const needs = 'admin'
  return [
    { method: 'GET', path, needs, operation: listTokens, handle: list },
    { method: 'POST', path, needs, operation: addToken, body: { type: 'json', limit: 4_096 }, handle: add },
    { method: 'DELETE', path: ofToken, needs, operation: removeToken, handle: remove },
  ]

  function list(_req: Request, res: Response) {
    res.json(store.tokens.list().map(jsonOf))
  }

  function add(req: Request, res: Response) {
    if (req.is('json') === false)
      return sendProblem(res, 'wrong-type', 'Send {"name": …, "can": …} as Content-Type: application/json.')
    const sent = checked(tokenToAdd, req.body, res)
    if (!sent) return undefined
    const made = makeNewToken(sent, actorOf(res), { store, log })
    if ('problem' in made) return sendProblem(res, made.problem, made.sentence)
    const { token, secret } = made
    const told: NewTokenJson = { ...jsonOf(token), token: secret }
    return res.status(201).location(`/api/v1/tokens/${token.name}`).json(told)
  }

  function remove(req: Request, res: Response) {
    if (!revokeToken(req.params.name as string, actorOf(res), { store, log }))
      return sendProblem(res, 'no-token', 'There is no token of that name.')
    return res.status(204).end()
  }
}

function jsonOf({ until, created, lastUsed, ...token }: Token): TokenJson {
  const time = (at: number) => new Date(at).toISOString()
  return {
    ...token,
    can: token.can as TokenJson['can'],
    until: until === null ? null : time(until),
    created: time(created),
    lastUsed: lastUsed === null ? null : time(lastUsed),
  }
}
