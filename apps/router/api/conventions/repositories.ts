/** Calls about one repository are written once, for the nameless one, and stand below `/repositories/:repository` too. */
import type { Response } from 'express'
import { z } from 'zod'
import { NAMELESS } from '../../../shared/preview/preview-id.ts'
import type { Repository } from '../../../shared/repository.ts'
import { problemAnswer, type ApiRoute } from './operation.ts'
import { sendProblem } from './problem.ts'

type Listed = readonly Pick<Repository, 'name'>[]

const BELOW = '/repositories/:repository'

const NAME = /^[a-z][a-z0-9]{0,19}$/

const repositoryParameter = {
  name: 'repository',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: NAME.source },
}

export function withRepositories(routes: readonly ApiRoute[]): ApiRoute[] {
  const below = routes.filter(isOfRepositories).map(belowRepository)
  return [...routes, ...below].map((route) => (isAboutOne(route) ? mayLack(route) : route))
}

export function isBelowRepository({ path }: Pick<ApiRoute, 'path'>): boolean {
  return path.includes(`${BELOW}/`)
}

/** Whether it needs a repository that is listed: its path names one, or means the nameless one. */
export function isAboutOne(route: ApiRoute): boolean {
  return isBelowRepository(route) || (isOfRepositories(route) && !route.inRepository)
}

const noRepository = problemAnswer('This repository is not listed.')

function isOfRepositories({ path }: Pick<ApiRoute, 'path'>): boolean {
  return /^\/(previews|tags)(\/|$)|^\/volumes\/:tag\//.test(path)
}

function belowRepository({ inRepository, operation, ...route }: ApiRoute): ApiRoute {
  const { operationId, parameters = [] } = operation
  const named = { operationId: `${operationId}InRepository`, parameters: [repositoryParameter, ...parameters] }
  return { ...route, ...inRepository, path: `${BELOW}${route.path}`, operation: { ...operation, ...named } }
}

function mayLack({ operation, ...route }: ApiRoute): ApiRoute {
  return { ...route, operation: { ...operation, responses: { 404: noRepository, ...operation.responses } } }
}

export function sendNoRepository(res: Response, name: string, listed: Listed) {
  const names = listed.map((repository) => repository.name).filter((one) => one !== NAMELESS)
  const known = names.length > 0 ? `Listed: ${names.join(', ')}.` : 'None has a name here.'
  const what = NAME.test(name) ? `No repository ${name} is listed.` : 'No repository of this name is listed.'
  const none = 'No repository without a name is listed: the path has to name one.'
  return sendProblem(res, 'no-such-repository', `${name === NAMELESS ? none : what} ${known}`)
}

/** The parameter of lists that are of all repositories. */
export function repositoryQuery(listed: Listed) {
  const names = listed.map(({ name }) => name)
  const named = names.map((name) => name || 'nothing for the one without a name')
  return z
    .enum(names, `repository is ${named.join(', or ')}.`)
    .optional()
    .meta({ description: 'Only those of this repository; empty: of the one without a name.' })
}
