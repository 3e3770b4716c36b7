import { z } from 'zod'
import { offeredTag } from '../../shared/api/offered-tag.ts'
import { preview } from '../../shared/api/preview.ts'
import { problem } from '../../shared/api/problem.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import { answer, badParameter, componentOf, queryParametersOf, type ApiRoute, type Operation } from './operation.ts'

export const describe: Operation = {
  operationId: 'describe',
  summary: 'This description.',
  responses: { 200: answer('OpenAPI 3.1.', z.looseObject({})) },
}

/** By the schemas' ids. */
export const components = { Preview: preview, OfferedTag: offeredTag, Problem: problem }

export function openapi(config: Pick<Config, 'domain' | 'publicUrl'>, routes: readonly ApiRoute[]) {
  const cookie = config.publicUrl.protocol === 'https:' ? '__Host-lotan' : 'lotan'
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lotan',
      version: '1',
      description: 'Previews of the tags of one Docker repository. Without a login every call answers 401.',
    },
    servers: [{ url: `${urlOf(config.domain, config)}/api/v1` }],
    security: [{ token: [] }, { login: [] }],
    paths: pathsOf(routes),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The admin token.' },
        login: { type: 'apiKey', in: 'cookie', name: cookie, description: 'From logging in on the admin page.' },
      },
      schemas: Object.fromEntries(Object.entries(components).map(([id, schema]) => [id, componentOf(schema)])),
    },
  }
}

function pathsOf(routes: readonly ApiRoute[]) {
  const paths = Map.groupBy(routes, ({ path }) => path.replace(':tag', '{tag}'))
  return Object.fromEntries(
    Array.from(paths, ([path, rows]) => [
      path,
      Object.fromEntries(rows.map((route) => [route.method.toLowerCase(), operationOf(route)])),
    ]),
  )
}

function operationOf(route: ApiRoute): Operation {
  const { parameters = [], responses, ...rest } = route.operation
  const all = [...parameters, ...queryParametersOf(route)]
  return { ...rest, ...(all.length > 0 && { parameters: all }), responses: { 400: badParameter, ...responses } }
}
