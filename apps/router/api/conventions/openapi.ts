import { z } from 'zod'
import { change } from '../../../shared/api/change.ts'
import { explain } from '../../../shared/api/explain.ts'
import { offeredTag } from '../../../shared/api/offered-tag.ts'
import { approval } from '../../../shared/api/approval.ts'
import { copyAsked } from '../../../shared/api/copy.ts'
import { preview } from '../../../shared/api/preview.ts'
import { pullRequest } from '../../../shared/api/pull-request.ts'
import { stats } from '../../../shared/api/stats.ts'
import { repository } from '../../../shared/api/repository.ts'
import { system } from '../../../shared/api/system.ts'
import { problem } from '../../../shared/api/problem.ts'
import { session } from '../../../shared/api/session.ts'
import { reset } from '../../../shared/api/reset.ts'
import { snapshot } from '../../../shared/api/snapshot.ts'
import { secret, volume } from '../../../shared/api/volume.ts'
import { newShare, share } from '../../../shared/api/share.ts'
import { ticket } from '../../../shared/api/ticket.ts'
import { newToken, token } from '../../../shared/api/token.ts'
import { urlOf, type Config } from '../../../shared/config/config.ts'
import { answer, componentOf, problemAnswer, queryParametersOf, type ApiRoute, type Operation } from './operation.ts'

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
  Repository: repository,
  PullRequest: pullRequest,
  Session: session,
  Share: share,
  NewShare: newShare,
  CopyAsked: copyAsked,
  Approval: approval,
  Token: token,
  NewToken: newToken,
  Ticket: ticket,
  Snapshot: snapshot,
  Reset: reset,
  Volume: volume,
  Secret: secret,
  Problem: problem,
}

/** What any call may answer, unless it says it better itself. */
const everywhere = {
  400: {
    name: 'BadParameter',
    description: 'A query parameter that the call does not take, or a value that it cannot have.',
  },
  401: { name: 'NoLogin', description: 'Neither a token that is accepted, nor a login.' },
  403: { name: 'NotAllowed', description: 'The login or token may not do this.' },
  405: {
    name: 'WrongMethod',
    description: 'The path does not take this method; the header Allow has those that it takes.',
  },
  421: { name: 'WrongHost', description: 'The request is for another host.' },
  500: { name: 'InternalError', description: 'Something is wrong with Lotan.' },
  503: { name: 'JustAMoment', description: 'The database is being rebuilt, or Lotan restarts.' },
}

export function openapi(config: Pick<Config, 'domain' | 'publicUrl'>, routes: readonly ApiRoute[]) {
  const cookie = config.publicUrl.protocol === 'https:' ? '__Host-lotan' : 'lotan'
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lotan',
      version: '1',
      description: 'Previews of the tags of Docker repositories. Without a login every call answers 401.',
      license: { name: 'MIT', identifier: 'MIT' },
      contact: { name: 'The operator of this Lotan', url: urlOf(config.domain, config) },
    },
    servers: [{ url: `${urlOf(config.domain, config)}/api/v1` }],
    security: [{ token: [] }, { login: [] }],
    tags: [...new Set(routes.map(groupOf))].map((name) => ({ name, description: groups[name] ?? name })),
    paths: pathsOf(routes),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The admin token, or one of /tokens.' },
        login: { type: 'apiKey', in: 'cookie', name: cookie, description: 'From logging in on the admin page.' },
      },
      responses: Object.fromEntries(
        Object.values(everywhere).map(({ name, description }) => [name, problemAnswer(description)]),
      ),
      schemas: Object.fromEntries(Object.entries(components).map(([id, schema]) => [id, componentOf(schema)])),
    },
  }
}

function pathsOf(routes: readonly ApiRoute[]) {
  const paths = Map.groupBy(routes, ({ path }) => path.replace(/:(\w+)/g, '{$1}'))
  return Object.fromEntries(
    Array.from(paths, ([path, rows]) => [
      path,
      Object.fromEntries(rows.map((route) => [route.method.toLowerCase(), operationOf(route)])),
    ]),
  )
}

function operationOf(route: ApiRoute): object {
  const { parameters = [], responses, summary, description = summary, ...rest } = route.operation
  const all = [...parameters, ...queryParametersOf(route)]
  const common = Object.entries(everywhere).map(([status, { name }]) => [status, refersTo(name)])
  return {
    ...rest,
    tags: [groupOf(route)],
    summary,
    description: `${description} It needs a token or a login that can ${route.needs}.`,
    'x-scope': route.needs,
    ...(all.length > 0 && { parameters: all }),
    responses: { ...Object.fromEntries(common), ...responses },
  }
}

const refersTo = (name: string) => ({ $ref: `#/components/responses/${name}` })

/** By the first part of their paths. */
const groups: Record<string, string> = {
  previews: 'What runs, or has run: add, start, stop, remove, wait for it, read its log.',
  events: 'What changes, as it changes.',
  tags: 'What could run.',
  repositories: 'Which there are. Below the name of one, the calls about previews and tags are about that one’s.',
  changes: 'The pull or merge requests that previews are of.',
  sessions: 'Who is logged in.',
  shares: 'Links that open a preview each, without a login.',
  tokens: 'The tokens of programs.',
  system: 'The installation as a whole.',
  'openapi.json': 'This description.',
}

export function groupOf({ path }: Pick<ApiRoute, 'path'>): string {
  return path.split('/')[1]!
}
