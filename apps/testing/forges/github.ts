/** GitHub's REST API, as far as Lotan speaks it, checked in both directions by GitHub's own OpenAPI description. */
import { createRequire } from 'node:module'
import type { StandInForge, StandInOptions } from './forge.ts'
import { hookOf } from './github/hooks.ts'
import { operations, refused, type Operation } from './github/routes.ts'
import { shapes } from './github/shapes.ts'
import { openDescription, type Description } from './openapi.ts'
import { openServer, type Answer, type Asked } from './server.ts'
import { forgeState } from './state.ts'
import type { Trouble } from './troubles.ts'

const load = createRequire(import.meta.url)
let description: { raw: Description; checks: ReturnType<typeof openDescription> } | undefined

/** 13 MB: once a process. */
function describe() {
  if (description) return description
  const raw = load('@octokit/openapi/generated/api.github.com.json') as Description
  return (description = { raw, checks: openDescription(raw) })
}

/** GitHub answers so for a fork that is deleted, and its description has no word of it. */
const GONE_FORK = /\/head\/repo must be object/

/** The least that Lotan needs; `metadata: read` goes with every token. */
const LEAST: StandInForge['rights'] = {
  pull_requests: 'write',
  contents: 'read',
  statuses: 'write',
  deployments: 'write',
}

export async function openGitHub(options: StandInOptions): Promise<StandInForge> {
  const { token, hookSecret, repository = 'team/app', mostPerPage = 100 } = options
  const { raw, checks } = describe()
  const state = forgeState()
  const shape = shapes(raw, repository, state, token.startsWith('ghs_'))
  const rights: StandInForge['rights'] = { ...LEAST }
  const violations: string[] = []
  const server = await openServer({ answer, refusal }, violations)
  const known = operations(state, shape, { origin: server.origin, mostPerPage })

  function answer(asked: Asked): Answer {
    const told = (problems: string[]) =>
      violations.push(...problems.map((problem) => `${asked.method} ${asked.path}: ${problem}`))
    const found = checks.find(asked)
    if (!found) {
      told(['GitHub has no such operation'])
      return refused(404, 'Not Found')
    }
    const problems = [...headerProblems(asked), ...checks.requestProblems(found, asked)]
    told(problems)
    if (problems.length > 0) return refused(422, `Invalid request.\n\n${problems.join('\n')}`)
    const operation = known[found.id]
    if (!operation) throw new Error(`the stand-in does not know ${found.id} yet`)
    const given = {
      headers: {},
      ...(denial(asked, operation, found.params) ?? operation.do({ ...asked, params: found.params })),
    }
    told(checks.answerProblems(found, given).filter((problem) => !GONE_FORK.test(problem)))
    return given
  }

  function denial({ headers }: Asked, { needs }: Operation, params: Record<string, string>): Answer | undefined {
    const given = /^(?:bearer|token) (.*)$/i.exec(headers.authorization ?? '')?.[1]
    if (given === undefined) return refused(401, 'Requires authentication')
    if (given !== token) return refused(401, 'Bad credentials')
    // GitHub does not tell a repository that the token does not see from none.
    if ('owner' in params && `${params.owner}/${params.repo}` !== repository) return refused(404, 'Not Found')
    const isLet = Object.entries(needs).some(([right, level]) => rights[right] === 'write' || rights[right] === level)
    if (isLet || Object.keys(needs).length === 0) return undefined
    const accepted = Object.entries(needs).map(([right, level]) => `${right}=${level}`)
    const message = 'Resource not accessible by personal access token'
    return refused(403, message, { 'X-Accepted-GitHub-Permissions': accepted.join('; ') })
  }

  return {
    api: server.origin,
    repository,
    rights,
    violations,
    openChange: (change) => ({ ...state.openChange(change) }),
    change: (number) => ({ ...state.change(number) }),
    push: state.push,
    forcePush: state.forcePush,
    testMerge: state.testMerge,
    merge: state.merge,
    close: state.close,
    reopen: state.reopen,
    comments: (number) => state.comments(number).map((one) => ({ ...one })),
    addComment: (number, text, author) => state.addComment(number, text, author).id,
    deleteComment: state.deleteComment,
    statuses: (sha) => [...(state.statuses.get(sha) ?? [])],
    deployments: () => state.deployments.map((one) => structuredClone(one)),
    hook: (event, number, { delivery, secret = hookSecret } = {}) =>
      hookOf(shape, { event, change: state.change(number), secret, delivery }),
    asked: server.asked,
    writes: server.writes,
    trouble: server.trouble,
    goAway: server.goAway,
    comeBack: server.comeBack,
    stop: server.stop,
  }
}

/** https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#headers */
function headerProblems({ headers }: Asked): string[] {
  return [
    ...(headers['user-agent'] ? [] : ['GitHub answers 403 without a User-Agent']),
    ...(/^application\/(vnd\.github(\.v3)?\+)?json$/.test(headers.accept ?? '')
      ? []
      : [`it accepts ${headers.accept}`]),
    ...([undefined, '2022-11-28', '2026-03-10'].includes(headers['x-github-api-version'] as string)
      ? []
      : ['no such version of the API']),
  ]
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function refusal(trouble: Extract<Trouble, { is: 'limited' | 'secondary' | 'spent' | 'broken' }>): Answer {
  const rate = { 'X-RateLimit-Limit': '5000', 'X-RateLimit-Remaining': '4999' }
  switch (trouble.is) {
    case 'limited':
      return refused(trouble.status, 'Too many requests', { ...rate, 'Retry-After': String(trouble.retryAfter) })
    case 'secondary':
      return refused(
        trouble.status,
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.',
        { ...rate, ...(trouble.retryAfter !== undefined && { 'Retry-After': String(trouble.retryAfter) }) },
      )
    case 'spent':
      return refused(trouble.status, 'API rate limit exceeded for user ID 1.', {
        'X-RateLimit-Limit': '5000',
        'X-RateLimit-Remaining': '0',
        'X-RateLimit-Reset': String(Math.ceil(trouble.resetAt / 1_000)),
      })
    case 'broken':
      return refused(trouble.status, 'Server Error')
  }
}
