import { z } from 'zod'
import { change } from '../../shared/api/change.ts'
import { explain } from '../../shared/api/explain.ts'
import { offeredTag } from '../../shared/api/offered-tag.ts'
import { preview } from '../../shared/api/preview.ts'
import { stats } from '../../shared/api/stats.ts'
import { system } from '../../shared/api/system.ts'
import { problem } from '../../shared/api/problem.ts'
import { session } from '../../shared/api/session.ts'
import { newToken, token } from '../../shared/api/token.ts'
import { urlOf, type Config } from '../../shared/config/config.ts'
import type { Scope } from '../access/caller.ts'
import { answer, componentOf, type ApiRoute, type Operation } from './operation.ts'

export const describe: Operation = {
  operationId: 'describe',
  summary: 'This description.',
  responses: { 200: answer('OpenAPI 3.1.', z.looseObject({})) },
}

/** By the schemas' ids. */
export const components = {
  Preview: preview,
  Change: change,
  Explanation: explain,
  Stats: stats,
  System: system,
  OfferedTag: offeredTag,
  Session: session,
  Token: token,
  NewToken: newToken,
  Problem: problem,
}

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
    paths: pathsOf(routes),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The admin token, or one of /tokens.' },
        login: { type: 'apiKey', in: 'cookie', name: cookie, description: 'From logging in on the admin page.' },
      },
      schemas: Object.fromEntries(Object.entries(components).map(([id, schema]) => [id, componentOf(schema)])),
    },
  }
}

/** The scope that it takes stands as the role that is required (OpenAPI 3.1, Security Requirement Object). */
function securityOf(needs: Scope) {
  return needs === 'public' ? [] : [{ token: [needs] }, { login: [needs] }]
}

function pathsOf(routes: readonly ApiRoute[]) {
  const paths = Map.groupBy(routes, ({ path }) => path.replace(/:(\w+)/g, '{$1}'))
  return Object.fromEntries(
    Array.from(paths, ([path, rows]) => [
      path,
      Object.fromEntries(
        rows.map(({ method, operation, needs }) => [
          method.toLowerCase(),
          { ...operation, security: securityOf(needs) },
        ]),
      ),
    ]),
  )
}
