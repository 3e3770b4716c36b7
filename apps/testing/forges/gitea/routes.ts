/** What Gitea does when it is asked, below a repository. */
import { fieldsOf } from '../parameters.ts'
import { pageOf, type Answer, type Asked } from '../server.ts'
import type { ForgeState } from '../state.ts'
import { OWN, REPOSITORY_ID, type Shapes } from './shapes.ts'

export const found = (body: unknown, status = 200): Answer => ({ status, body })
export const refused = (status: number, message: string): Answer => ({ status, body: { message, url: '/api/swagger' } })
export const notFound = () => refused(404, 'The target couldn\u2019t be found.')

interface Place {
  origin: string
  repository: string
  mostPerPage: number
}

/** Undefined where there is no such route. */
export function repositoryRoutes(state: ForgeState, shapes: Shapes, { origin, repository, mostPerPage }: Place) {
  return function answer(asked: Asked, [what, which, part]: readonly string[]): Answer | undefined {
    const isRead = asked.method === 'GET'
    if (what === undefined) return found({ id: REPOSITORY_ID, full_name: repository })
    if (what === 'pulls' && isRead) return which === undefined ? list(asked) : ofPull(asked, Number(which), part)
    if (what === 'git' && which === 'commits' && isRead) {
      const sha = state.commits.find(part ?? '')
      return sha === undefined ? notFound() : found(shapes.commit(sha))
    }
    if (what === 'issues' && which === 'comments') return asked.method === 'PATCH' ? edit(asked, part ?? '') : undefined
    if (what === 'issues' && part === 'comments') {
      if (!state.find(Number(which))) return notFound()
      return isRead ? comments(Number(which)) : comment(asked, Number(which))
    }
    return what === 'statuses' && asked.method === 'POST' ? setStatus(asked, which ?? '') : undefined
  }

  function paged(asked: Asked, items: readonly unknown[]): Answer {
    const page = pageOf(items, asked, origin, mostPerPage, 'limit')
    return { status: 200, body: page.items, headers: { ...page.headers, 'X-Total-Count': String(items.length) } }
  }

  function list(asked: Asked): Answer {
    const wanted = asked.query.get('state') ?? 'open'
    const all = state
      .changes()
      .filter((change) => wanted === 'all' || (change.state === 'open') === (wanted === 'open'))
    if (asked.query.get('sort') === 'oldest') all.reverse()
    return paged(
      asked,
      all.map((change) => shapes.pull(change)),
    )
  }

  function ofPull(asked: Asked, number: number, part: string | undefined): Answer | undefined {
    const change = state.find(number)
    if (!change) return notFound()
    if (part === undefined) return found(shapes.pull(change))
    if (part !== 'commits') return undefined
    const { commits } = state
    const base = change.state === 'merged' ? commits.parentsOf(change.mergeSha!)[0]! : state.headOf(change.base)
    return paged(asked, commits.beyond(change.sha, base).map(shapes.commit))
  }

  /** All at once: Gitea divides these into no pages, whatever it is asked for. */
  function comments(number: number): Answer {
    const kept = state.comments(number)
    return { status: 200, body: kept.map(shapes.comment), headers: { 'X-Total-Count': String(kept.length) } }
  }

  function comment({ body }: Asked, number: number): Answer {
    const { body: text } = fieldsOf(body)
    if (typeof text !== 'string' || text === '') return refused(422, '[Body]: Required')
    return found(shapes.comment(state.addComment(number, text, OWN)), 201)
  }

  function edit({ body }: Asked, id: string): Answer {
    const { body: text } = fieldsOf(body)
    const kept = state.comment(id)
    if (!kept) return notFound()
    if (typeof text !== 'string') return refused(422, '[Body]: Required')
    return found(shapes.comment(Object.assign(kept, { text, updated: state.moment() })))
  }

  function setStatus({ body }: Asked, given: string): Answer {
    const {
      state: is,
      context = 'default',
      description = '',
      target_url: url,
    } = fieldsOf(body) as Record<string, string>
    if (!['pending', 'success', 'error', 'failure', 'warning'].includes(is ?? '')) return refused(422, 'unknown state')
    const sha = state.commits.find(given)
    if (sha === undefined) return notFound()
    state.addStatus(sha, { state: is!, description, url: url ?? null, context })
    return found({ id: Number(state.nextId()), status: is, target_url: url ?? '', description, context }, 201)
  }
}
